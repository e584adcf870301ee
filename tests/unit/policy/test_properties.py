"""Laws that hold for every sequence of signals, found by folding random ones through `decide`."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model.mail import Door, Purpose
from agent.model.plan import LetterKind, Plan, SendLetter
from agent.model.signal import (
    BounceReason,
    Manner,
    Order,
    OrderKind,
    Preference,
    PreferenceKind,
    Privacy,
    PrivacyKind,
    Resubscribe,
    Signal,
)
from agent.model.state import AddressState, State, Suspicion
from agent.policy.decide import decide
from tests.unit.policy.cases import (
    BUYER,
    DAY,
    E1,
    E2,
    E3,
    NOW,
    SENT,
    SETTINGS,
    START_LETTER,
    bounce,
    complaint,
    evidence,
    opt_out,
    origin,
    situation,
    start,
)

STRENGTHS = (E1, E2, E3)
LETTERS = SETTINGS.letters
quick = settings(max_examples=80, deadline=None)


def preference(strength: object, kind: PreferenceKind) -> Preference:
    proof = evidence(strength, Purpose.REPLY if strength is E3 else None)  # type: ignore[arg-type]
    scope, until = ("topic:valves", None) if kind is PreferenceKind.TOPIC else ("all", NOW + 60 * DAY)
    return Preference(address=BUYER, evidence=proof, answerable=True, kind=kind, scope=scope, until=until)


def erase(strength: object) -> Privacy:
    proof = evidence(strength, Purpose.REPLY if strength is E3 else None)  # type: ignore[arg-type]
    return Privacy(address=BUYER, evidence=proof, answerable=True, kind=PrivacyKind.ERASE)


GROWING: tuple[Signal, ...] = (
    *(opt_out(s, manner) for s in STRENGTHS for manner in (Manner.ADDRESS, Manner.KEYWORD, Manner.COMPLAINT_WORDS)),
    *(opt_out(s, answerable=False) for s in STRENGTHS),
    *(complaint(s, verified=verified) for s in STRENGTHS for verified in (True, False)),
    *(preference(s, kind) for s in STRENGTHS for kind in (PreferenceKind.TOPIC, PreferenceKind.PAUSE)),
    *(erase(s) for s in STRENGTHS),
    bounce(E3),
    bounce(E3, BounceReason.SUSPEND, "5.2.1"),
)
SUPPRESS = tuple(
    Order(address=BUYER, evidence=evidence(E3), kind=OrderKind.SUPPRESS, why="by phone", by="maria", state=state.value)
    for state in State
)
LIFTING: tuple[Signal, ...] = tuple(start(s, confirmed=c) for s in STRENGTHS for c in (True, False))
OTHER: tuple[Signal, ...] = (
    *(bounce(s, reason, status) for s in STRENGTHS for reason, status in (
        (BounceReason.USER_UNKNOWN, "5.1.1"), (BounceReason.EXPIRED, "4.4.7"), (BounceReason.BLOCKED, "5.7.1"))),
)  # fmt: skip


@dataclass(kw_only=True)
class Store:
    """What a store would remember between two signals."""

    state: AddressState = field(default_factory=lambda: AddressState(key=BUYER))
    seen: set[str] = field(default_factory=set)
    letters: list[tuple[datetime, SendLetter]] = field(default_factory=list)
    suspicions: tuple[Suspicion, ...] = ()
    token_used: bool = False

    def apply(self, signal: Signal, content: str, now: datetime, *, door: Door = Door.IMAP) -> Plan:
        sent = START_LETTER if isinstance(signal, Resubscribe) and signal.confirmed else SENT
        written = {"received_at": now, "written_at": now, "message_id": f"<{content}@x.example>"}
        mail = origin(door=door, content_key=content, **written)
        known = situation(
            state=self.state,
            origin=mail,
            sent=sent if signal.evidence.token else None,
            of_record=True,
            ever_known=True,
            duplicate=content in self.seen,
            token_used=self.token_used and sent is START_LETTER,
            earlier_suspicions=self.suspicions,
            last_letter_at=self.last(lambda kind: kind is not LetterKind.START_CONFIRM),
            last_confirmation_at=self.last(lambda kind: kind in CONFIRMATIONS),
            last_start_letter_at=self.last(lambda kind: kind is LetterKind.START_CONFIRM),
        )
        plan = decide(signal, known, SETTINGS, now)
        self.state = plan.states[0] if plan.states else self.state
        self.seen.add(content)
        self.letters += [(now, letter) for letter in plan.effects]
        if plan.row == "1b":
            self.suspicions = (*self.suspicions, Suspicion(at=now, about=content))
        self.token_used = self.token_used or (plan.uses_token and sent is START_LETTER)
        return plan

    def last(self, wanted: object) -> datetime | None:
        times = [at for at, letter in self.letters if wanted(letter.kind)]  # type: ignore[operator]
        return times[-1] if times else None


CONFIRMATIONS = (LetterKind.OPT_OUT, LetterKind.OPT_OUT_UNVERIFIED)
hours = st.sampled_from((0, 1, 13, 25, 24 * 4, 24 * 31))


def steps(*pools: tuple[Signal, ...]) -> st.SearchStrategy[list[tuple[Signal, int, int]]]:
    """(signal, which mail it stands in, hours since the one before); a mail met twice is a duplicate."""
    signal = st.sampled_from(tuple(signal for pool in pools for signal in pool))
    return st.lists(st.tuples(signal, st.integers(0, 30), hours), max_size=12)


def run(taken: list[tuple[Signal, int, int]]) -> Store:
    store, now, mails = Store(), NOW, dict[int, Signal]()
    for signal, mail, later in taken:
        now += timedelta(hours=later)
        store.apply(mails.setdefault(mail, signal), f"mail-{mail}", now)
    return store


@quick
@given(steps(GROWING, LIFTING, OTHER, SUPPRESS))
def test_nothing_but_an_order_lifts_a_complaint(taken: list[tuple[Signal, int, int]]) -> None:  # hazard D5
    store, now = Store(), NOW
    store.apply(complaint(E2, verified=True), "report", now)
    for number, (signal, _, later) in enumerate(taken):
        now += timedelta(hours=later)
        plan = store.apply(signal, f"mail-{number}", now)
        assert store.state.has(State.COMPLAINT, now)
        assert not plan.effects
    lift = Order(address=BUYER, evidence=evidence(E3), kind=OrderKind.LIFT, why="he asked", by="maria")
    store.apply(lift, "order", now, door=Door.OPERATOR)
    assert [standing.state for standing in store.state.standings] == [State.COMPLAINT]
    store.apply(replace(lift, state="complaint"), "named", now, door=Door.OPERATOR)
    assert not store.state.standings


@quick
@given(steps(GROWING, OTHER, SUPPRESS))
def test_no_weaker_state_takes_the_place_of_a_stronger(taken: list[tuple[Signal, int, int]]) -> None:
    store, now = Store(), NOW
    for number, (signal, _, later) in enumerate(taken):
        now += timedelta(hours=later)
        before = {(s.scope, s.state.family): s for s in store.state.effective(now)}
        store.apply(signal, f"mail-{number}", now)
        after = {(s.scope, s.state.family): s for s in store.state.effective(now)}
        for place, old in before.items():
            new = after[place]
            assert new.state.rank <= old.state.rank
            if new.state is old.state and old.until is None:
                assert new.until is None


@quick
@given(steps(GROWING, LIFTING, OTHER), st.lists(st.integers(0, 30), max_size=6))
def test_duplicates_change_nothing(taken: list[tuple[Signal, int, int]], again: list[int]) -> None:
    store = run(taken)
    state, letters = store.state, len(store.letters)
    first = {mail: signal for signal, mail, _ in reversed(taken)}
    for mail in again:
        if mail in first:
            store.apply(first[mail], f"mail-{mail}", NOW + 300 * DAY)
    assert store.state == state
    assert len(store.letters) == letters


@quick
@given(st.lists(st.sampled_from(GROWING), min_size=2, max_size=4))
def test_growing_signals_end_alike_in_any_order(signals: list[Signal]) -> None:
    ends = set()
    for order in permutations(enumerate(signals)):
        store = Store()
        for number, signal in (*order, *order):
            store.apply(signal, f"mail-{number}", NOW)
        ends.add(frozenset((s.state, s.scope, s.until) for s in store.state.standings))
    assert len(ends) == 1


@quick
@given(steps(GROWING, LIFTING, OTHER, SUPPRESS))
def test_every_state_can_be_explained(taken: list[tuple[Signal, int, int]]) -> None:
    for s in run(taken).state.standings:
        assert s.reason
        assert s.rule.split()[0]
        assert s.by in ("policy", "maria")
        assert s.strength in STRENGTHS
        assert s.since >= NOW


@quick
@given(steps(GROWING, LIFTING, OTHER))
def test_letters_keep_their_distance(taken: list[tuple[Signal, int, int]]) -> None:  # hazard D9
    letters = run(taken).letters
    starts = [at for at, letter in letters if letter.kind is LetterKind.START_CONFIRM]
    others = [at for at, letter in letters if letter.kind is not LetterKind.START_CONFIRM]
    confirmations = [at for at, letter in letters if letter.kind in CONFIRMATIONS]
    for times, apart in (
        (starts, timedelta(hours=LETTERS.address_hours)),
        (others, timedelta(hours=LETTERS.address_hours)),
        (confirmations, timedelta(days=LETTERS.confirmation_days)),
    ):
        assert all(later - earlier >= apart for earlier, later in pairwise(times))
    assert len({letter.dedupe_key for _, letter in letters}) == len(letters)


@quick
@given(steps(GROWING, LIFTING, OTHER))
def test_machines_and_null_senders_get_no_letter(taken: list[tuple[Signal, int, int]]) -> None:
    """`answerable` is false for automatic mail and the null sender."""
    mute = [(replace(signal, answerable=False), mail, later) for signal, mail, later in taken]
    assert not run(mute).letters


@quick
@given(steps(GROWING, OTHER, SUPPRESS), st.sampled_from((-10, -1, 1, 10)))
def test_a_wrong_clock_ends_nothing_that_lasts(taken: list[tuple[Signal, int, int]], years: int) -> None:  # hazard E8
    store = run(taken)
    lasting = {(s.state, s.scope) for s in store.state.standings if s.until is None}
    for number, (signal, _, _) in enumerate(taken):
        store.apply(signal, f"later-{number}", NOW + years * 365 * DAY)
    assert lasting <= {(s.state, s.scope) for s in store.state.standings if s.until is None}
