"""All that can be proven about one mail, in one Proof; what two parsers could read differently proves nothing."""

from collections.abc import Iterator
from dataclasses import replace

from agent.model.dkim import KeyAnswer, Result
from agent.model.dkim import Verdict as Signature
from agent.model.mail import Door, ParsedMail, RawMessage, Token, TokenText
from agent.model.proof import Proof
from agent.model.settings import Limits, Settings
from agent.trust.align import aligned
from agent.trust.dkim_check import check
from agent.trust.dkim_own import proven_recipient
from agent.trust.doubts import doubts
from agent.trust.relay import handed_over_by, made_by
from agent.trust.results import Verdict, account_of, judge
from agent.trust.tokens import KeyRing, verify

MAX_TOKENS = 64  # a hostile mail may carry thousands

_LIMITS = Limits()  # without settings
_HOMELESS = frozenset({"subject", "envelope-id", "feedback-id"})


def assess(
    mail: ParsedMail,
    message: RawMessage,
    settings: Settings | None,
    ring: KeyRing | None,
    keys: tuple[KeyAnswer, ...] = (),
    own_keys: tuple[KeyAnswer, ...] = (),
) -> Proof:
    """The proof of one mail. Tokens prove themselves; the rest needs exactly one From and unbroken header lines.

    `keys` are the answers of the DNS for the signatures of this mail, `own_keys` those our own mail is signed with.
    """
    tokens = _tokens(mail, settings, ring)
    doubtful = doubts(mail.headers, message.raw)
    if doubtful:
        return Proof(tokens=tokens, why=doubtful)
    limits = settings.limits if settings else _LIMITS
    verdict = _of_server(mail, message, settings)
    signatures = check(mail, message, {key.name: key for key in keys}, limits) if keys else ()
    passed = tuple(one.domain for one in signatures if one.result is Result.PASS)
    speaking = mail.sender is not None and any(aligned(domain, mail.sender.domain) for domain in passed)
    own_relay = _made_by_own_relay(mail, message, settings)
    person, why_person = proven_recipient(mail.original_raw, own_keys, message.received_at, limits)
    return Proof(
        tokens=tokens,
        authenticated=verdict.authenticated or speaking,
        signers=tuple(dict.fromkeys((*verdict.signers, *passed))),
        own_relay=own_relay,
        own_signature=person,
        why=tuple(_words(verdict, signatures, own_relay, why_person)),
    )


def _words(verdict: Verdict, signatures: tuple[Signature, ...], own_relay: bool, person: str) -> Iterator[str]:
    yield from filter(None, (verdict.why, *map(str, signatures), "own relay" if own_relay else "", person))


def _of_server(mail: ParsedMail, message: RawMessage, settings: Settings | None) -> Verdict:
    account = account_of(message, settings)
    return judge(mail.authentication, account.authserv_id, mail.sender) if account else Verdict()


def _made_by_own_relay(mail: ParsedMail, message: RawMessage, settings: Settings | None) -> bool:
    if settings is not None and message.source.door is Door.SMTP:
        return handed_over_by(message.peer, mail, settings.smtp.trusted_relays)
    account = account_of(message, settings)
    return account is not None and made_by(mail, account.trusted_relays)


def _tokens(mail: ParsedMail, settings: Settings | None, ring: KeyRing | None) -> tuple[Token, ...]:
    if ring is None:
        return ()
    own = settings.addresses.token_domain if settings else ""
    texts = (reading for text in mail.tokens[:MAX_TOKENS] for reading in _readings(text, own))
    found = (verify(ring, text) for text in texts)
    return tuple(dict.fromkeys(token for token in found if token is not None))


def _readings(text: TokenText, own: str) -> tuple[TokenText, ...]:
    """A token in a Subject or an envelope id stands beside no domain of its own; it can only be of ours."""
    return (text, replace(text, domain=own)) if text.place in _HOMELESS else (text,)
