"""From failures to signals: what each one means, and what proves it."""

from functools import cached_property, partial

from agent.classify.bounces.failure import Failure
from agent.classify.bounces.names import said_of
from agent.classify.bounces.notice import Notice, body_of
from agent.classify.evidence import clipped, from_sender, token_of
from agent.classify.verdict import Verdict, judge
from agent.model.address import AddressKey
from agent.model.mail import ParsedMail, Purpose, Token
from agent.model.proof import Proof
from agent.model.signal import AutoReply, Bounce, Evidence, Signal, Strength
from agent.rules.catalog import Catalog

# Where a token of ours comes back in a bounce. A u token proves that the returned mail was ours, nothing more.
_PLACES = (
    ((Purpose.BOUNCE,), ("recipient", "return-path", "envelope-id")),
    ((Purpose.FEEDBACK,), ("message-id", "references", "envelope-id")),
    ((Purpose.UNSUBSCRIBE,), ("list-unsubscribe",)),
)


def signals_of(
    mail: ParsedMail, proof: Proof, catalog: Catalog, failures: tuple[Failure, ...], notice: Notice | None
) -> tuple[Signal, ...]:
    """A signal for each failure; the `notice` they stand in, where it was read already."""
    token = next(filter(None, (token_of(proof, *where) for where in _PLACES)), None) if proof.tokens else None
    # A token names one person; beside several failed recipients it cannot say which of them is his.
    ours = token if len(failures) == 1 else None
    around = _Around(mail, notice)
    return tuple(
        _signal(
            mail,
            proof,
            failure,
            judge(failure.report, catalog, partial(around.said_of, failure, alone=len(failures) == 1)),
            ours,
        )
        for failure in failures
    )


class _Around:
    """What the mail system itself wrote, looked for only when somebody asks, and then once."""

    def __init__(self, mail: ParsedMail, notice: Notice | None) -> None:
        self._mail, self._notice = mail, notice

    @cached_property
    def _text(self) -> str:
        return self._notice.text if self._notice else body_of(self._mail)

    def said_of(self, failure: Failure, *, alone: bool) -> str:
        """The part about this recipient; all of it, where it has no other or the failure holds that already."""
        if alone:
            return self._text
        said = said_of(failure.address, self._text)
        return said if failure.report.diagnostic.strip() != said.strip() else self._text


def _signal(mail: ParsedMail, proof: Proof, failure: Failure, verdict: Verdict, token: Token | None) -> Signal:
    if verdict.challenge:
        return AutoReply(address=failure.address, evidence=from_sender(proof, verdict.rule, verdict.excerpt))
    said = clipped(failure.report.diagnostic)
    relay = proof.own_relay and mail.dsn is not None  # of our relay's words only the report's are its own
    return Bounce(
        address=failure.address,
        evidence=Evidence(
            rule=verdict.rule,
            excerpt=said or verdict.excerpt,
            strength=_strength(proof, failure.address, token, relay),
            token=token,
            authenticated=proof.authenticated,
        ),
        status=verdict.status,
        hard=verdict.hard and not failure.delayed,
        reason=verdict.reason,
        diagnostic=said,
        delayed=failure.delayed,
        original_message_id=mail.original.first("Message-ID") if mail.original else "",
        own_signature=token is None and not relay and proof.own_signature == failure.address,
    )


def _strength(proof: Proof, address: AddressKey, token: Token | None, relay: bool) -> Strength:
    """Policy section 2: our token, our own relay, or our own signature on the returned mail to this very address."""
    if token is not None or relay or proof.own_signature == address:
        return Strength.E3
    return Strength.E2 if proof.authenticated else Strength.E1
