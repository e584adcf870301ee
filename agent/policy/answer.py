"""Whether a letter is written, which and to whom: the one place that says so, and every `no` has its words.

A letter goes to the address of record or to the proven From address, never to a Reply-To (RFC 3834 section 4).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.model.address import ERASED_DOMAIN, AddressKey
from agent.model.letter_id import letter_token_id
from agent.model.plan import LetterKind, SendLetter, Tone
from agent.model.signal import OptOut, Preference, Privacy, Resubscribe, Strength
from agent.model.state import State
from agent.policy.case import Case
from agent.policy.language import letter_language

Request = OptOut | Preference | Resubscribe | Privacy

_CONFIRMATIONS = frozenset({LetterKind.OPT_OUT, LetterKind.OPT_OUT_UNVERIFIED})
_RECEIPTS = frozenset({LetterKind.ERASE_RECEIPT, LetterKind.ACCESS_RECEIPT})
_UNREACHABLE = (State.COMPLAINT, State.HARD, State.INACTIVE, State.REFUSED, State.DEAD_DOMAIN)
_NAME = re.compile(r"[\w .&+-]{1,64}")  # a list name is ours; anything else might be a stranger's text


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """At most one letter, and in words why or why not."""

    letters: tuple[SendLetter, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The letter that would be written: its kind, the request it answers, and what it has to tell."""

    kind: LetterKind
    request: Request
    list: str = ""
    until: datetime | None = None


def answer(wanted: Wanted, case: Case) -> Answer:
    """The letter, unless one of the refusals applies; the first that does gives the words."""
    for refusal in _REFUSALS:
        words = refusal(wanted, case)
        if words:
            return Answer(letters=(), words=f"No letter: {words}.")
    return Answer(letters=(_letter(wanted, case),), words="A letter is written.")


def _letter(wanted: Wanted, case: Case) -> SendLetter:
    key = f"{wanted.kind.value}:{case.key}:{_event(case)}"
    own_mail = case.from_the_address_itself
    return SendLetter(
        dedupe_key=key,
        to=_as_written(case),
        kind=wanted.kind,
        language=letter_language(case),
        token_id=letter_token_id(key),
        list=wanted.list,
        until=wanted.until,
        in_reply_to=case.origin.message_id if own_mail else "",
        references=case.origin.references if own_mail else "",
        tone=Tone.HIGH_VALUE if case.high_value else Tone.PLAIN,
    )


def _event(case: Case) -> str:
    """The same mail read again is the same event."""
    origin = case.origin
    if origin.content_key:
        return origin.content_key
    return f"{origin.door.value}/{origin.inbox_id or ''}/{origin.message_id}/{origin.received_at.isoformat()}"


def _as_written(case: Case) -> AddressKey:
    """The address as it was written: some servers still tell capitals apart (RFC 5321 section 2.4)."""
    sent = case.situation.sent
    known = (sent.address if sent else None, case.origin.sender)
    return next((address for address in known if address == case.key and address.raw), case.key)


def _once(wanted: Wanted, case: Case) -> str:
    if case.situation.duplicate:
        return "the same mail was answered before"
    return "a weightier part of the same mail is answered" if case.situation.letter_already_planned else ""


def _machine(wanted: Wanted, case: Case) -> str:
    """RFC 3834 section 2."""
    return "" if wanted.request.answerable else "the mail was written by a machine or wants no answer"


def _breaker(wanted: Wanted, case: Case) -> str:
    return "breaker B1 is open" if case.flooded else ""


def _old(wanted: Wanted, case: Case) -> str:
    hours = case.settings.letters.max_age_hours + (case.policy.review_hours if case.decided else 0)
    age = timedelta(hours=hours)
    return "the mail is too old to be answered" if case.now - case.written_at > age else ""


def _unreachable(wanted: Wanted, case: Case) -> str:
    if case.key.domain == ERASED_DOMAIN:
        return "the person was erased"
    domain = case.situation.domain_state
    everything = (*case.state.standings, *(domain.standings if domain else ()))
    standing = next((s for s in everything if s.state in _UNREACHABLE and s.holds(case.now)), None)
    if standing is not None:
        return f"the address is marked {standing.state.value}"
    return "" if str(case.key).isascii() else "not every server takes an address beyond ASCII"


def _unproven(wanted: Wanted, case: Case) -> str:
    """E3, E2, or E1 to an address of record; a proven From speaks for itself only."""
    strength = case.strength(wanted.request.evidence)
    if strength is Strength.E3:
        return ""
    if not case.from_the_address_itself:
        return "it is not proven who asked"
    if strength is Strength.E2:
        return ""
    of_record = case.situation.of_record and strength is Strength.E1 and wanted.kind not in _RECEIPTS
    return "" if of_record else "the sender is not proven"


def _window(wanted: Wanted, case: Case) -> str:
    """RFC 3834 section 2, RFC 5230 section 4.1; a START letter has a window of its own."""
    situation, letters = case.situation, case.settings.letters
    hours = timedelta(hours=letters.address_hours)
    if wanted.kind is LetterKind.START_CONFIRM:
        return "a START letter went out already" if _within(situation.last_start_letter_at, hours, case) else ""
    if _within(situation.last_letter_at, hours, case):
        return "the address had a letter already"
    days = timedelta(days=letters.confirmation_days)
    confirmed = wanted.kind in _CONFIRMATIONS and _within(situation.last_confirmation_at, days, case)
    return "the opt-out was confirmed already" if confirmed else ""


def _within(earlier: datetime | None, window: timedelta, case: Case) -> bool:
    """A letter of the future (the clock jumped back) counts as just written: rather no letter than a loop."""
    return earlier is not None and case.now - earlier < window


def _odd_name(wanted: Wanted, case: Case) -> str:
    return "" if not wanted.list or _NAME.fullmatch(wanted.list) else "the list has no name that may be written"


_REFUSALS: tuple[Callable[[Wanted, Case], str], ...] = (
    _once,
    _machine,
    _breaker,
    _old,
    _unreachable,
    _unproven,
    _window,
    _odd_name,
)
