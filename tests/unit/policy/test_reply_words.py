"""Answers to our letters as one table: a reason is noted, a milder wish takes the place of an opt-out, or does not."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from agent.model.mail import Purpose
from agent.model.plan import LetterKind as L
from agent.model.signal import Manner, OptOut, OptOutReason, Preference, PreferenceKind, Signal
from agent.model.state import Situation, State
from agent.policy.decide import decide
from tests.unit.policy.cases import (
    BUYER,
    DAY,
    E1,
    E3,
    NOW,
    SENT,
    SETTINGS,
    START_LETTER,
    STRANGER,
    evidence,
    origin,
    situation,
    standing,
)

S = State
UNSAID = replace(standing(S.OPT_OUT), reason="unsubscribe", strength=E1, since=START_LETTER.minted_at)
LETTER = {"sent": START_LETTER, "of_record": True, "ever_known": True}
OUT = situation(UNSAID, **LETTER)


def why(reason: OptOutReason = OptOutReason.NOT_RELEVANT) -> OptOut:
    return OptOut(
        address=BUYER, evidence=evidence(E3, Purpose.REPLY), answerable=True, manner=Manner.REASON, reason=reason
    )


def wish(
    kind: PreferenceKind, days: int = 0, *, answerable: bool = True, purpose: Purpose = Purpose.REPLY
) -> Preference:
    until = NOW + days * DAY if days else None
    return Preference(address=BUYER, evidence=evidence(E3, purpose), answerable=answerable, kind=kind, until=until)


PAUSE, LESS = wish(PreferenceKind.PAUSE), wish(PreferenceKind.FREQUENCY)


@dataclass(frozen=True, kw_only=True)
class Case:
    """`states` are those that hold after it, as (state, reason, days until its end)."""

    id: str
    signal: Signal
    row: str
    known: Situation = OUT
    states: tuple[tuple[S, str, int | None], ...]
    letter: L | None = None


KEPT = ((S.OPT_OUT, "unsubscribe", None),)
TABLE = [
    Case(id="why", signal=why(), row="15", states=((S.OPT_OUT, "not_relevant", None),)),
    Case(
        id="why, said before", signal=why(), row="15", states=((S.OPT_OUT, "not_relevant", None),),
        known=situation(replace(UNSAID, reason="too_frequent"), **LETTER),
    ),
    Case(
        id="why, but the reason is another's", signal=why(), row="15", states=((S.OPT_OUT, "erase", None),),
        known=situation(replace(UNSAID, reason="erase"), **LETTER),
    ),
    Case(
        id="why, of one topic", signal=why(), row="15", states=((S.OPT_OUT, "unsubscribe", None),),
        known=situation(replace(UNSAID, scope="topic:valves"), **LETTER),
    ),
    Case(id="why, but nothing stands", signal=why(), row="15", states=(), known=situation(**LETTER)),
    Case(id="why, replayed", signal=why(), row="15", states=KEPT, known=replace(OUT, duplicate=True)),
    Case(
        id="why, to marketing mail", signal=why(), row="25", states=KEPT,
        known=replace(OUT, sent=replace(SENT, letter=False)),
    ),
    Case(id="why, letter forgotten", signal=why(), row="25", states=KEPT, known=replace(OUT, sent=None)),
    Case(
        id="why, of somebody else's letter", signal=why(), row="25", states=KEPT,
        known=replace(OUT, sent=replace(START_LETTER, address=STRANGER)),
    ),
    Case(id="pause", signal=PAUSE, row="22", states=((S.PAUSED, "pause", 90),), letter=L.PAUSE),
    Case(
        id="pause until", signal=wish(PreferenceKind.PAUSE, 20), row="22", states=((S.PAUSED, "pause", 20),),
        letter=L.PAUSE,
    ),
    Case(id="less", signal=LESS, row="22", states=((S.PAUSED, "change_frequency", 30),), letter=L.FREQUENCY),
    Case(
        id="pause within a day of the letter", signal=PAUSE, row="22", states=((S.PAUSED, "pause", 90),),
        known=replace(OUT, last_letter_at=NOW - timedelta(hours=1)),
    ),
    Case(
        id="pause lifts a hold as well", signal=PAUSE, row="22", states=((S.PAUSED, "pause", 90),), letter=L.PAUSE,
        known=situation(UNSAID, replace(UNSAID, state=S.HELD), **LETTER),
    ),
    Case(
        id="pause leaves a topic off", signal=PAUSE, row="22", letter=L.PAUSE,
        states=((S.PAUSED, "pause", 90), (S.OPT_OUT, "topic", None)),
        known=situation(UNSAID, replace(UNSAID, scope="topic:valves", reason="topic"), **LETTER),
    ),
    Case(
        id="pause does not mend a mailbox", signal=PAUSE, row="22",
        states=((S.PAUSED, "pause", 90), (S.HARD, "earlier", None)),
        known=situation(UNSAID, standing(S.HARD), **LETTER),
    ),
    Case(
        id="a complaint stays", signal=PAUSE, row="22", states=(*KEPT, (S.COMPLAINT, "earlier", None)),
        known=situation(UNSAID, standing(S.COMPLAINT), **LETTER),
    ),  # hazard D5
    Case(id="a machine", signal=wish(PreferenceKind.PAUSE, answerable=False), row="22", states=KEPT),
    Case(id="replayed", signal=PAUSE, row="22", states=KEPT, known=replace(OUT, duplicate=True)),
    Case(
        id="from another address", signal=PAUSE, row="22", states=KEPT,
        known=replace(OUT, origin=origin(sender=STRANGER)),
    ),
    Case(
        id="an old letter", signal=PAUSE, row="22", states=KEPT,
        known=replace(OUT, sent=replace(START_LETTER, minted_at=NOW - 32 * DAY)),
    ),
    Case(
        id="opted out again since", signal=PAUSE, row="22", states=KEPT,
        known=situation(replace(UNSAID, since=NOW - timedelta(hours=1)), **LETTER),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in TABLE])
def test_table(case: Case) -> None:
    plan = decide(case.signal, case.known, SETTINGS, NOW)
    after = plan.states[0] if plan.states else case.known.state
    days = {s: None if s.until is None else (s.until - NOW) // DAY for s in after.standings}
    assert plan.row == case.row
    assert {(s.state, s.reason, days[s]) for s in after.standings} == set(case.states)
    assert [letter.kind for letter in plan.effects] == ([case.letter] if case.letter else [])


def test_an_answer_proves_who_it_was() -> None:
    """An opt-out that came without proof is proven by the answer to its letter."""
    (after,) = decide(why(), OUT, SETTINGS, NOW).states
    assert after.standings[0].strength is E3
    assert after.standings[0].since == UNSAID.since


def test_less_is_kept_as_a_number() -> None:
    (after,) = decide(LESS, OUT, SETTINGS, NOW).states
    assert after.interval_days == 30


@pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE, Purpose.BOUNCE, Purpose.CONFIRM])
def test_no_other_token_makes_an_opt_out_milder(purpose: Purpose) -> None:  # hazard D5
    plan = decide(wish(PreferenceKind.PAUSE, 20, purpose=purpose), OUT, SETTINGS, NOW)
    assert all(state.has(S.OPT_OUT, NOW) for state in plan.states or (OUT.state,))
