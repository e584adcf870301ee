"""One case to decide: the situation, the settings and the time together, with the questions every part asks of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.model.address import AddressKey
from agent.model.mail import Door, Purpose, Token
from agent.model.settings import BounceEvidence, PolicySettings, Settings
from agent.model.signal import Evidence, Origin, Strength
from agent.model.state import AddressState, Situation

CLOCK_SLACK = timedelta(days=1)  # a clock that jumped must not make a good token bad

_MAIL_DOORS = frozenset({Door.SMTP, Door.IMAP, Door.FILES})
_PERSONS_TOKENS = frozenset({Purpose.UNSUBSCRIBE, Purpose.REPLY, Purpose.CONFIRM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a rule of the policy may look at besides the signal."""

    situation: Situation
    settings: Settings
    now: datetime

    @property
    def key(self) -> AddressKey:
        """The address it is about: the token's when there is one, never simply what a header says."""
        return self.situation.state.key

    @property
    def state(self) -> AddressState:
        return self.situation.state

    @property
    def origin(self) -> Origin:
        return self.situation.origin

    @property
    def policy(self) -> PolicySettings:
        return self.settings.policy

    @property
    def by_mail(self) -> bool:
        """Whether it came as mail, not as a form, a command or the clock."""
        return self.origin.door in _MAIL_DOORS

    @property
    def from_the_address_itself(self) -> bool:
        """Whether the one From address is the address it is about."""
        return self.origin.sender == self.key

    @property
    def written_at(self) -> datetime:
        """When the mail was written, as far as can be told; a Date in the future is not believed."""
        written = self.origin.written_at
        return self.origin.received_at if written is None else min(written, self.origin.received_at)

    @property
    def replayed(self) -> bool:
        """The very mail was applied before. Two mails without Message-ID and Date only look alike: both count."""
        told_apart = bool(self.origin.message_id) or self.origin.written_at is not None
        return self.situation.duplicate and (told_apart or not self.by_mail)

    @property
    def flooded(self) -> bool:
        """Breaker B1: this one would be above the unproven opt-outs and complaints allowed in a minute."""
        return self.situation.weak_opt_outs_last_minute >= self.policy.breaker_per_minute

    @property
    def plain(self) -> bool:
        """Whether bounces are judged without tokens (policy row 1b)."""
        mode = self.policy.evidence_bounce
        if mode is BounceEvidence.AUTO:
            return not self.situation.marketing_minted
        return mode is BounceEvidence.PLAIN

    def minted_for_it(self, token: Token | None) -> bool:
        """Whether a verified token was minted for the very address it is about, and the send log still knows it."""
        sent = self.situation.sent
        return token is not None and sent is not None and sent.id == token.id and sent.address == self.key

    def strength(self, evidence: Evidence) -> Strength:
        """What a person's mail is worth: a token that is not his, or whose address is forgotten, proves nothing.

        A bounce token is no unsubscribe token; a mail beside it still counts as what its From is worth.
        """
        token = evidence.token
        if token is None or (token.purpose in _PERSONS_TOKENS and self.minted_for_it(token)):
            return evidence.strength
        return min(evidence.strength, Strength.E2 if evidence.authenticated else Strength.E1)

    @property
    def decided(self) -> bool:
        """Whether a person, or the time, has decided about a review."""
        return self.situation.review is not None

    @property
    def high_value(self) -> bool:
        """Whether the contact carries one of the tags the operator named."""
        wanted = {tag.strip().lower() for tag in self.policy.high_value_tags}
        return not wanted.isdisjoint(self.situation.tags)

    def breaker(self, name: str) -> str:
        """The batch of a breaker: that of the open one, else a new one that begins now."""
        is_open = (batch for batch in self.situation.breaker_batches if batch.rpartition("-")[0] == name)
        return next(is_open, f"{name}-{self.now:%Y%m%dT%H%M%S}")

    def provisional_end(self) -> datetime:
        """When a state ends that was set while a breaker was open."""
        return self.now + timedelta(hours=self.policy.breaker_hours)
