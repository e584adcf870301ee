"""Random lives of two addresses through the real store: whatever happens, and in whatever order, the laws hold.

The quick run plays some dozens of lives; `./run test -m slow` plays 5,000.
"""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agent.intake.clock import hear, ring_timers
from agent.model.address import AddressKey, parse_address
from agent.model.mail import Door, Purpose, Token
from agent.model.plan import LetterKind, Plan, SendLetter
from agent.model.settings import Identity, Settings, StoreSettings
from agent.model.signal import (
    AutoReply,
    Bounce,
    BounceReason,
    Complaint,
    Confidence,
    Decision,
    Evidence,
    HumanReply,
    Manner,
    OptOut,
    Order,
    OrderKind,
    Origin,
    Preference,
    PreferenceKind,
    Privacy,
    PrivacyKind,
    Resubscribe,
    Signal,
    Strength,
    Tick,
    Verdict,
)
from agent.model.state import AddressState, SentMail, Standing, State
from agent.process import apply_signals
from agent.store import address_state, sent, waiting
from agent.store.db import Db, open_db
from agent.store.reads import history
from agent.store.times import from_sql

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SETTINGS = Settings(
    identity=Identity(
        company="Example", postal_address="1 Road", contact="sales@exporter.example", domains=("exporter.example",)
    )
)
CONFIRMATIONS = (LetterKind.OPT_OUT.value, LetterKind.OPT_OUT_UNVERIFIED.value)
UNREACHABLE = (State.COMPLAINT, State.HARD, State.INACTIVE, State.REFUSED, State.DEAD_DOMAIN)


def key(text: str) -> AddressKey:
    found = parse_address(text)
    assert found is not None
    return found


PEOPLE = (key("Ana@buyer.example"), key("bo@other.example"))
MINTED = {person: f"{name}" * 13 for person, name in zip(PEOPLE, "ab", strict=True)}


@dataclass(frozen=True)
class Happening:
    """One mail: its signal and what tells it from every other mail."""

    signal: Signal
    content: str
    at: datetime


@cache
def opened() -> Db:
    """One store for all lives; each is rolled back."""
    folder = Path(tempfile.mkdtemp(prefix="optoutd-property-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return open_db(StoreSettings(directory=str(folder / "store"), public_directory=str(folder / "public")))


def evidence(person: AddressKey, strength: Strength, purpose: Purpose, *, sure: bool = True) -> Evidence:
    token = Token(purpose=purpose, key_id="a", id=MINTED[person], place="recipient")
    return Evidence(
        rule="rule", excerpt="words", strength=strength, token=token if strength is Strength.E3 else None,
        confidence=Confidence.SURE if sure else Confidence.LIKELY, authenticated=strength is Strength.E2,
    )  # fmt: skip


people = st.sampled_from(PEOPLE)
strengths = st.sampled_from((Strength.E1, Strength.E2, Strength.E3))
hours = st.sampled_from((0, 1, 13, 25, 24 * 4, 24 * 8, 24 * 31))


reasons = st.sampled_from((
    (BounceReason.USER_UNKNOWN, "5.1.1"), (BounceReason.SUSPEND, "5.2.1"), (BounceReason.HOST_UNKNOWN, "5.1.2"),
    (BounceReason.BLOCKED, "5.7.1"), (BounceReason.FILTERED, "5.7.1"), (BounceReason.MAILBOX_FULL, "5.2.2"),
    (BounceReason.EXPIRED, "4.4.7"), (BounceReason.UNDEFINED, "5.0.0"),
))  # fmt: skip
manners = st.sampled_from(
    (Manner.ADDRESS, Manner.KEYWORD, Manner.WORDING, Manner.PERSON_GONE, Manner.COMPLAINT_WORDS)
)  # fmt: skip


@st.composite
def wishes(draw: st.DrawFn) -> Signal:
    """Anything a person can ask for but START."""
    person, strength, answerable = draw(people), draw(strengths), draw(st.booleans())
    proof = evidence(person, strength, Purpose.UNSUBSCRIBE, sure=draw(st.booleans()))
    match draw(st.sampled_from(("opt_out", "opt_out", "preference", "privacy", "reply"))):
        case "opt_out":
            return OptOut(
                address=person, evidence=proof, answerable=answerable, manner=draw(manners),
                scope=draw(st.sampled_from(("all", "list:news"))), doubtful=draw(st.booleans()),
            )  # fmt: skip
        case "preference":
            kind, scope = draw(st.sampled_from(PreferenceKind)), draw(st.sampled_from(("all", "topic:valves")))
            return Preference(address=person, evidence=proof, answerable=answerable, kind=kind, scope=scope)
        case "privacy":
            kind_of_data = draw(st.sampled_from(PrivacyKind))
            return Privacy(address=person, evidence=proof, answerable=answerable, kind=kind_of_data)
        case _:
            return HumanReply(address=person, evidence=proof)


@st.composite
def reports(draw: st.DrawFn) -> Signal:
    """Anything a machine can tell of a person."""
    person, strength = draw(people), draw(strengths)
    proof = evidence(person, strength, Purpose.BOUNCE)
    match draw(st.sampled_from(("bounce", "bounce", "bounce", "complaint", "auto"))):
        case "bounce":
            reason, status = draw(reasons)
            about = f"<{draw(st.integers(0, 9))}@exporter.example>"
            return Bounce(
                address=person, evidence=proof, status=status, hard=status.startswith("5"), reason=reason,
                original_message_id=about,
            )  # fmt: skip
        case "complaint":
            token = evidence(person, strength, Purpose.FEEDBACK)
            verified = draw(st.booleans())
            return Complaint(address=person, evidence=token, feedback_type="abuse", verified_reporter=verified)
        case _:
            return AutoReply(address=person, evidence=proof, left=draw(st.booleans()))


class Life(RuleBasedStateMachine):
    """Mails, copies of mails, orders, decisions and time, in any order."""

    @initialize()
    def begin(self) -> None:
        self.db = opened()
        self.db.connection.execute("BEGIN IMMEDIATE")
        self.now, self.count = START, 0
        self.past: list[Happening] = []
        self.complained: set[AddressKey] = set()
        for person, token_id in MINTED.items():
            mail = SentMail(id=token_id, address=person, list="news", campaign="c", minted_at=START, letter=False)
            sent.record(self.db, mail)

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.connection.execute("ROLLBACK")

    def state(self, person: AddressKey) -> AddressState:
        return address_state.load(self.db, person)

    def effective(self, person: AddressKey) -> dict[tuple[str, object], Standing]:
        return {(s.scope, s.state.family): s for s in self.state(person).effective(self.now)}

    @contextmanager
    def only_growing(self, signal: Signal) -> Iterator[None]:
        """No weaker state takes the place of a stronger one, unless the signal is one that may lift."""
        before = {person: self.effective(person) for person in PEOPLE}
        yield
        lifts = isinstance(signal, Order) and signal.kind is OrderKind.LIFT
        if lifts or isinstance(signal, Resubscribe | HumanReply | Decision | Tick):
            return
        for person, places in before.items():
            after = self.effective(person)
            for place, old in places.items():
                if isinstance(signal, Preference) and old.state is State.OPT_OUT:
                    continue  # a milder wish in answer to our own letter
                assert after[place].state.rank <= old.state.rank
                if after[place].state is old.state and old.until is None:
                    assert after[place].until is None

    def apply(self, signal: Signal, origin: Origin) -> Plan:
        with self.only_growing(signal):
            (plan,) = apply_signals(self.db, (signal,), origin, SETTINGS, self.now)
        for letter in plan.effects:
            self.judge(letter, signal)
        if isinstance(signal, Complaint) and plan.row == "11":
            self.complained.add(signal.address or PEOPLE[0])
        return plan

    def judge(self, letter: SendLetter, signal: Signal) -> None:
        assert signal.answerable or isinstance(signal, Decision | Tick)
        dead = {s.state for s in self.state(letter.to).standings if s.holds(self.now)}
        assert dead.isdisjoint(UNREACHABLE)

    def origin(self, one: Happening, inbox_id: int | None = None) -> Origin:
        return Origin(
            door=Door.SMTP, received_at=one.at, inbox_id=inbox_id, content_key=one.content,
            message_id=f"<{one.content}@x.example>", sender=one.signal.address, written_at=one.at, batch="run-1",
        )  # fmt: skip

    def comes(self, signal: Signal, later: int) -> None:
        self.now += timedelta(hours=later)
        self.count += 1
        one = Happening(signal, f"mail-{self.count}", self.now)
        self.past.append(one)
        self.apply(signal, self.origin(one))

    @rule(signal=wishes(), later=hours)
    def a_person_writes(self, signal: Signal, later: int) -> None:
        self.comes(signal, later)

    @rule(first=wishes(), second=wishes(), later=hours)
    def two_persons_write(self, first: Signal, second: Signal, later: int) -> None:
        self.comes(first, later)
        self.comes(second, 0)

    @rule(signal=reports(), later=hours)
    def a_machine_writes(self, signal: Signal, later: int) -> None:
        self.comes(signal, later)

    @rule(person=people, strength=strengths, answerable=st.booleans(), confirmed=st.booleans(), later=hours)
    def a_start(self, person: AddressKey, strength: Strength, answerable: bool, confirmed: bool, later: int) -> None:
        """Also with the way back from a letter of ours, which lifts most; a newsletter token confirms nothing."""
        proof = evidence(person, strength, Purpose.REPLY)
        if confirmed:
            way_back = f"c{self.count:0>12}"
            letter = SentMail(id=way_back, address=person, list="", campaign="", minted_at=self.now, letter=True)
            sent.record(self.db, letter)
            token = Token(purpose=Purpose.CONFIRM, key_id="a", id=way_back, place="subject")
            proof = replace(proof, token=token, strength=Strength.E3, authenticated=strength is Strength.E2)
        self.comes(Resubscribe(address=person, evidence=proof, answerable=answerable, confirmed=confirmed), later)

    @rule(which=st.integers(0, 30), later=hours)
    def a_mail_comes_again(self, which: int, later: int) -> None:
        """A copy, at any time, after anything: it is recorded and changes nothing."""
        if not self.past:
            return
        self.now += timedelta(hours=later)
        one = self.past[which % len(self.past)]
        before = [self.state(person) for person in PEOPLE]
        self.db.connection.execute(
            "INSERT INTO inbox (reference, door, account, envelope_to, peer, size, received_at) "
            "VALUES (?, 'smtp', '', '[]', '', 1, 1)", (f"copy-{self.count}",)
        )  # fmt: skip
        self.count += 1
        plan = self.apply(one.signal, self.origin(one, self.db.connection.last_insert_rowid()))
        assert not plan.effects
        assert [self.state(person) for person in PEOPLE] == before

    @rule(person=people, state=st.sampled_from(State), days=st.sampled_from((None, 5, 50)), later=hours)
    def an_order_to_stop(self, person: AddressKey, state: State, days: int | None, later: int) -> None:
        self.now += timedelta(hours=later)
        until = None if days is None or state is State.COMPLAINT else self.now + timedelta(days=days)
        if state is State.COMPLAINT:
            self.complained.add(person)
        self.apply(self.order(person, OrderKind.SUPPRESS, state=state.value, until=until), self.by_hand())

    @rule(person=people, state=st.sampled_from([state for state in State if state is not State.COMPLAINT]),
          named=st.booleans(), batch=st.sampled_from(("", "run-1")), later=hours)  # fmt: skip
    def an_order_to_lift(self, person: AddressKey, state: State, named: bool, batch: str, later: int) -> None:
        """All but a complaint by its name, which is the one way to lift one."""
        self.now += timedelta(hours=later)
        order = self.order(person, OrderKind.LIFT, state=state.value if named else "", batch=batch)
        self.apply(order, self.by_hand())

    def order(self, person: AddressKey, kind: OrderKind, **more: object) -> Order:
        proof = Evidence(rule="operator", strength=Strength.E3)
        plain = Order(address=person, evidence=proof, kind=kind, why="by phone", by="Mei")
        return replace(plain, **more)  # type: ignore[arg-type]  # a rule names the fields it changes

    def by_hand(self) -> Origin:
        return Origin(door=Door.OPERATOR, received_at=self.now)

    @rule(which=st.integers(0, 30), verdict=st.sampled_from(Verdict))
    def a_decision(self, which: int, verdict: Verdict) -> None:
        found = waiting.open_reviews(self.db)
        if found:
            review = found[which % len(found)]
            proof = Evidence(rule="operator:review", strength=Strength.E3)
            word = Decision(address=review.key, evidence=proof, verdict=verdict, by="Mei", review=review.id)
            self.apply(word, review.origin)

    @rule(later=hours)
    def time_passes(self, later: int) -> None:
        self.now += timedelta(hours=later)
        ring_timers(self.db, SETTINGS, self.now)

    @rule(answer=st.sampled_from(("nxdomain", "alive", "temperror")))
    def the_dns_answers(self, answer: str) -> None:
        for due in waiting.due_timers(self.db, self.now, domains=True):
            proof = Evidence(rule=f"dns:{answer}", strength=Strength.E3)
            hear(self.db, due, Tick(address=due.key, evidence=proof, timer=due.timer.value), SETTINGS, self.now)

    @invariant()
    def no_complaint_is_ever_lifted(self) -> None:  # hazard D5
        for person in getattr(self, "complained", ()):
            assert self.state(person).has(State.COMPLAINT, self.now)

    @invariant()
    def every_state_can_be_explained(self) -> None:
        if not hasattr(self, "db"):
            return
        for state in address_state.all_states(self.db):
            told = {standing.rule for event in history(self.db, state.key) for kept in event.after
                    for standing in kept.standings}  # fmt: skip
            for standing in state.standings:
                assert standing.reason
                assert standing.rule.split()[0]
                assert standing.by
                assert standing.rule in told

    @invariant()
    def letters_keep_their_distance(self) -> None:  # hazard D9
        if not hasattr(self, "db"):
            return
        for person in PEOPLE:
            rows = self.db.connection.execute("SELECT kind, at FROM letters WHERE key = ? ORDER BY at", (str(person),))
            sent_at = [(str(kind), from_sql(int(at))) for kind, at in rows]
            confirmations = [at for kind, at in sent_at if kind in CONFIRMATIONS]
            others = [at for kind, at in sent_at if kind != LetterKind.START_CONFIRM.value]
            starts = [at for kind, at in sent_at if kind == LetterKind.START_CONFIRM.value]
            day = timedelta(hours=SETTINGS.letters.address_hours)
            month = timedelta(days=SETTINGS.letters.confirmation_days)
            for times, apart in ((confirmations, month), (others, day), (starts, day)):
                assert all(later - earlier >= apart for earlier, later in pairwise(times))


_SLOW_TO_BEGIN = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


class TestQuick(Life.TestCase):  # type: ignore[misc,valid-type]  # hypothesis makes the class at run time
    settings = settings(max_examples=200, stateful_step_count=20, deadline=None, suppress_health_check=_SLOW_TO_BEGIN)


@pytest.mark.slow
class TestFiveThousand(Life.TestCase):  # type: ignore[misc,valid-type]  # as above
    settings = settings(max_examples=5000, stateful_step_count=25, deadline=None, suppress_health_check=_SLOW_TO_BEGIN)
