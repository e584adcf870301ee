"""The policy as one table: what comes in, what is known, what follows. A row here for every row and strength there."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from agent.model.mail import Door, Purpose
from agent.model.plan import LetterKind as L
from agent.model.settings import BounceEvidence, Settings
from agent.model.signal import (
    AutoReply,
    Confidence,
    HumanReply,
    Manner,
    Order,
    OrderKind,
    Preference,
    PreferenceKind,
    Privacy,
    PrivacyKind,
    Signal,
    Tick,
)
from agent.model.signal import (
    BounceReason as R,
)
from agent.model.state import Objections, Points, Situation, Standing, State, Suspicion
from agent.policy.decide import decide
from tests.unit.policy.cases import (
    BUYER,
    DAY,
    E0,
    E1,
    E2,
    E3,
    NOW,
    SENT,
    SETTINGS,
    START_LETTER,
    STRANGER,
    bounce,
    complaint,
    evidence,
    opt_out,
    origin,
    situation,
    standing,
    start,
)

S = State
EVER = None
TOKENS = replace(SETTINGS, policy=replace(SETTINGS.policy, evidence_bounce=BounceEvidence.TOKENS))
BY_LIST = replace(SETTINGS, policy=replace(SETTINGS.policy, list_token_scope="list"))
BY_TOKEN = situation(sent=SENT, of_record=True, ever_known=True)
RECORD = situation(of_record=True, ever_known=True)
PLAIN = situation()
STARTED = {"sent": START_LETTER, "of_record": True, "ever_known": True}


def suspicion(days_ago: float, about: str = "<mail-1@exporter.example>") -> Suspicion:
    return Suspicion(at=NOW - days_ago * DAY, about=about)


def preference(kind: PreferenceKind, scope: str = "all", until: datetime | None = None) -> Preference:
    return Preference(address=BUYER, evidence=evidence(E2), answerable=True, kind=kind, scope=scope, until=until)


def privacy(kind: PrivacyKind, strength: object = E2) -> Privacy:
    return Privacy(address=BUYER, evidence=evidence(strength), answerable=True, kind=kind)  # type: ignore[arg-type]


def order(kind: OrderKind, state: str = "", why: str = "he called us", scope: str = "all") -> Order:
    return Order(address=BUYER, evidence=evidence(E3), kind=kind, why=why, by="maria", state=state, scope=scope)


OPERATOR = {"origin": origin(door=Door.OPERATOR, sender=None, content_key="", message_id="", written_at=None)}


@dataclass(frozen=True, kw_only=True)
class Case:
    """`states` are those that hold after it, as (state, scope, days until its end)."""

    id: str
    signal: Signal
    row: str
    known: Situation = PLAIN
    states: tuple[tuple[S, str, float | None], ...] = ()
    letter: L | None = None
    alert: bool = False
    settings: Settings = SETTINGS


def objections(*, earlier: int = 0, send_size: int = 0, told: bool = False) -> Objections:
    return Objections(
        our_domain="exporter.example", our_ip="192.0.2.7", earlier=earlier, send_size=send_size, told=told
    )  # fmt: skip


def stops(state: S, days: float | None = EVER, scope: str = "all") -> tuple[tuple[S, str, float | None], ...]:
    return ((state, scope, days),)


TABLE = [
    # Row 1: the mailbox does not exist, and it is proven
    Case(id="1 proven", signal=bounce(E3), known=BY_TOKEN, row="1", states=stops(S.HARD)),
    Case(id="1 moved", signal=bounce(E3, R.HAS_MOVED, "5.1.6"), known=BY_TOKEN, row="1", states=stops(S.HARD)),
    Case(id="1 own relay, no token", signal=replace(bounce(E3), evidence=evidence(E3)), row="1", states=stops(S.HARD)),
    Case(
        id="1 known already", signal=bounce(E3), row="1", states=stops(S.HARD),
        known=replace(BY_TOKEN, state=situation(standing(S.HARD)).state),
    ),
    Case(id="1 replay", signal=bounce(E3), known=replace(BY_TOKEN, duplicate=True), row="1"),
    Case(id="1 token used", signal=bounce(E3), known=replace(BY_TOKEN, token_used=True), row="1"),
    Case(
        id="1 too old", signal=bounce(E3), known=replace(BY_TOKEN, origin=origin(written_at=NOW - 31 * DAY)), row="1"
    ),
    Case(
        id="1 token too old", row="1b", states=stops(S.SUSPECT, 30), signal=bounce(E3),
        known=replace(BY_TOKEN, sent=replace(SENT, minted_at=NOW - 92 * DAY)),
    ),
    Case(id="1 token's address forgotten", signal=bounce(E3), row="1b", states=stops(S.SUSPECT, 30)),
    Case(
        id="1 breaker B2", signal=bounce(E3), row="1", states=stops(S.HARD, 3), alert=True,
        known=replace(BY_TOKEN, domain_hard_last_day=19, domain_recipients=66),
    ),
    Case(
        id="1 many, but a large domain", signal=bounce(E3), row="1", states=stops(S.HARD),
        known=replace(BY_TOKEN, domain_hard_last_day=19, domain_recipients=67),
    ),
    # Row 1b: the same without proof
    Case(id="1b plain E1", signal=bounce(E1), row="1b", states=stops(S.SUSPECT, 30)),
    Case(id="1b plain E2", signal=bounce(E2), row="1b", states=stops(S.SUSPECT, 30)),
    Case(id="1b nobody's", signal=bounce(E0), row="1"),
    Case(id="1b tokens E1", signal=bounce(E1), row="1b", settings=TOKENS),
    Case(id="1b auto, tokens minted", signal=bounce(E1), known=situation(marketing_minted=True), row="1b"),
    Case(
        id="1b second", signal=bounce(E1), row="1b", states=stops(S.HARD, 180),
        known=situation(earlier_suspicions=(suspicion(3),)),
    ),
    Case(
        id="1b second too soon", signal=bounce(E1), row="1b", states=stops(S.SUSPECT, 30),
        known=situation(earlier_suspicions=(suspicion(2.9),)),
    ),
    Case(
        id="1b second too late", signal=bounce(E1), row="1b", states=stops(S.SUSPECT, 30),
        known=situation(earlier_suspicions=(suspicion(181),)),
    ),
    Case(
        id="1b second about the same mail", signal=bounce(E1), row="1b", states=stops(S.SUSPECT, 30),
        known=situation(earlier_suspicions=(suspicion(9, "<mail-2@exporter.example>"),)),
    ),
    Case(
        id="1b no mail returned, another content", signal=bounce(E1, about=""), row="1b", states=stops(S.HARD, 180),
        known=situation(earlier_suspicions=(suspicion(9, "content-0"),)),
    ),
    Case(
        id="1b not prolonged", signal=bounce(E1), row="1b", states=stops(S.SUSPECT, 5),
        known=situation(standing(S.SUSPECT, NOW + 5 * DAY)),
    ),
    Case(
        id="1b breaker B2", signal=bounce(E1), row="1b", states=stops(S.SUSPECT, 3), alert=True,
        known=situation(weak_hard_last_hour=20, earlier_suspicions=(suspicion(9),)),
    ),
    # Row 2: the mailbox is switched off
    Case(id="2 proven", signal=bounce(E3, R.SUSPEND, "5.0.0"), known=BY_TOKEN, row="2", states=stops(S.INACTIVE)),
    Case(
        id="2 status before reason", signal=bounce(E3, R.USER_UNKNOWN, "5.2.1"), known=BY_TOKEN, row="2",
        states=stops(S.INACTIVE),
    ),
    Case(
        id="2 status before row 4", signal=bounce(E3, R.POLICY_VIOLATION, "5.7.17"), known=BY_TOKEN, row="2",
        states=stops(S.INACTIVE),
    ),
    Case(
        id="2 unproven never hard", signal=bounce(E1, R.SUSPEND, "5.2.1"), row="2", states=stops(S.SUSPECT, 30),
        known=situation(earlier_suspicions=(suspicion(9),)),
    ),
    Case(id="2 unproven, tokens", signal=bounce(E1, R.SUSPEND, "5.2.1"), row="2", settings=TOKENS),
    # Rows 3, 5, 6, 8: a single one stops nothing; what they add up to is in test_table_soft.py
    Case(id="3", signal=bounce(E3, R.HOST_UNKNOWN, "5.1.2"), known=BY_TOKEN, row="3"),
    Case(id="3 4.4.4", signal=bounce(E3, R.NOT_ACCEPT, "4.4.4"), known=BY_TOKEN, row="3"),
    Case(id="5", signal=bounce(E3, R.FILTERED, "5.7.1"), known=BY_TOKEN, row="5"),
    Case(id="5 rejected", signal=bounce(E3, R.REJECTED, "5.7.1", rule="x by-recipient"), known=BY_TOKEN, row="5"),
    Case(id="6", signal=bounce(E3, R.MAILBOX_FULL, "5.2.2"), known=BY_TOKEN, row="6"),
    Case(id="6 4.2.2", signal=bounce(E3, R.MAILBOX_FULL, "4.2.2"), known=BY_TOKEN, row="6"),
    Case(id="8", signal=bounce(E3, R.UNDEFINED, "5.0.0"), known=BY_TOKEN, row="8"),
    # Row 4: our side; hazard D14
    Case(id="4 blocked", signal=bounce(E3, R.BLOCKED, "5.7.1"), known=BY_TOKEN, row="4"),
    Case(id="4 spam, unproven", signal=bounce(E1, R.SPAM_DETECTED, "5.7.1"), row="4"),
    Case(id="4 rejected", signal=bounce(E3, R.REJECTED, "5.7.26"), known=BY_TOKEN, row="4"),
    Case(id="4 speeding 4.7.0", signal=bounce(E1, R.SPEEDING, "4.7.0", delayed=True), row="4"),
    Case(
        id="4 the third in a day", signal=bounce(E1, R.BLOCKED, "5.7.1"), row="4", alert=True,
        known=situation(objections=objections(earlier=2)),
    ),
    Case(
        id="4 the second in a day", signal=bounce(E1, R.BLOCKED, "5.7.1"), row="4",
        known=situation(objections=objections(earlier=1)),
    ),
    Case(
        id="4 one of a small send", signal=bounce(E1, R.BLOCKED, "5.7.1"), row="4", alert=True,
        known=situation(objections=objections(send_size=99)),
    ),
    Case(
        id="4 one in a hundred is not more than 1 %", signal=bounce(E1, R.BLOCKED, "5.7.1"), row="4",
        known=situation(objections=objections(send_size=100)),
    ),
    Case(
        id="4 told once a day", signal=bounce(E1, R.BLOCKED, "5.7.1"), row="4",
        known=situation(objections=objections(earlier=9, told=True)),
    ),
    # Row 7: late; hazard D12
    Case(id="7 delayed", signal=bounce(E3, R.EXPIRED, "4.4.7", delayed=True), known=BY_TOKEN, row="7"),
    Case(id="7 user unknown in a 4.x", signal=bounce(E3, R.USER_UNKNOWN, "4.1.1"), known=BY_TOKEN, row="7"),
    Case(id="7 given up", signal=bounce(E3, R.EXPIRED, "4.4.7"), known=BY_TOKEN, row="7"),
    Case(id="7 delayed and full", signal=bounce(E3, R.MAILBOX_FULL, "4.2.2", delayed=True), known=BY_TOKEN, row="7"),
    # Row 9: our mail's size or form
    Case(id="9", signal=bounce(E3, R.MESG_TOO_BIG, "5.3.4"), known=BY_TOKEN, row="9", alert=True),
    Case(id="never", signal=bounce(E3, R.VACATION, "5.2.1"), known=BY_TOKEN, row="-"),
    # Row 10: robots
    Case(id="10", signal=AutoReply(address=BUYER, evidence=evidence(E1), until=NOW + 9 * DAY), row="10"),
    Case(
        id="10 a robot says he left", known=RECORD, row="10",
        signal=opt_out(E2, Manner.PERSON_GONE, confidence=Confidence.LIKELY),
    ),
    Case(id="10 nobody", signal=AutoReply(address=None, evidence=evidence(E0)), row="10"),
    # Row 10b: the person is gone
    Case(id="10b himself", signal=opt_out(E1, Manner.PERSON_GONE), known=RECORD, row="10b", states=stops(S.OPT_OUT)),
    Case(
        id="10b somebody else", signal=opt_out(E2, Manner.PERSON_GONE), row="10b", alert=True,
        known=situation(origin=origin(sender=STRANGER)),
    ),
    # Rows 11 to 14: feedback reports
    Case(id="11 reporter", signal=complaint(E2, verified=True), row="11", states=stops(S.COMPLAINT)),
    Case(id="11 token", signal=complaint(E3), known=BY_TOKEN, row="11", states=stops(S.COMPLAINT)),
    Case(id="11 fraud", signal=complaint(E2, "fraud", verified=True), row="11", states=stops(S.COMPLAINT)),
    Case(
        id="11 replay", signal=complaint(E2, verified=True), row="11", known=situation(duplicate=True)
    ),
    Case(
        id="11b", signal=opt_out(E2, Manner.COMPLAINT_WORDS), known=RECORD, row="11b", alert=True,
        states=stops(S.OPT_OUT),
    ),
    Case(
        id="12 we sent it", signal=complaint(E1), known=BY_TOKEN, row="12", alert=True, states=stops(S.OPT_OUT)
    ),
    Case(id="12 we did not", signal=complaint(E1), row="12", alert=True, states=stops(S.HELD, 3)),
    Case(id="12 aligned, but no reporter", signal=complaint(E2), row="12", alert=True, states=stops(S.HELD, 3)),
    Case(
        id="12 breaker B1", signal=complaint(E1), row="12", alert=True, states=stops(S.OPT_OUT, 3),
        known=replace(BY_TOKEN, weak_opt_outs_last_minute=60),
    ),
    Case(id="12 replay", signal=complaint(E1), row="12", known=situation(duplicate=True)),
    Case(id="13", signal=complaint(E0, known=False), row="13"),
    Case(id="14 not-spam", signal=complaint(E2, "not-spam", verified=True), row="14"),
    Case(id="14 dmarc", signal=complaint(E2, "dmarc", verified=True, known=False), row="14"),
    Case(id="14 auth-failure", signal=complaint(E2, "auth-failure", verified=True), row="14", alert=True),
    # Rows 15 to 18: unsubscribe addresses and links; hazard D3
    Case(id="15 token", signal=opt_out(E3), known=BY_TOKEN, row="15", states=stops(S.OPT_OUT), letter=L.OPT_OUT),
    Case(id="15 automatic", signal=opt_out(E3, answerable=False), known=BY_TOKEN, row="15", states=stops(S.OPT_OUT)),
    Case(
        id="15 one click", signal=opt_out(E3, Manner.ONE_CLICK, answerable=False), row="15", states=stops(S.OPT_OUT),
        known=replace(BY_TOKEN, origin=origin(door=Door.ONE_CLICK, sender=None)),
    ),
    Case(
        id="15 list token", signal=opt_out(E3), known=BY_TOKEN, row="15", settings=BY_LIST, letter=L.TOPIC,
        states=stops(S.OPT_OUT, scope="list:news"),
    ),
    Case(
        id="15 from an alias", signal=opt_out(E3), row="15", states=stops(S.OPT_OUT), letter=L.OPT_OUT,
        known=replace(BY_TOKEN, origin=origin(sender=STRANGER)),
    ),
    Case(
        id="15 a bounce token is none", signal=opt_out(E3, purpose=Purpose.BOUNCE), known=BY_TOKEN, row="17",
        states=stops(S.OPT_OUT), letter=L.OPT_OUT_UNVERIFIED,
    ),
    Case(id="16", signal=opt_out(E2), row="16", states=stops(S.OPT_OUT), letter=L.OPT_OUT),
    Case(
        id="17 of record", signal=opt_out(E1), known=RECORD, row="17", states=stops(S.OPT_OUT),
        letter=L.OPT_OUT_UNVERIFIED,
    ),
    Case(id="17 no record in use", signal=opt_out(E1), row="17", states=stops(S.OPT_OUT)),
    Case(id="17 E0", signal=opt_out(E0), known=RECORD, row="17", states=stops(S.OPT_OUT)),
    Case(
        id="17 breaker B1", signal=opt_out(E1), row="17", alert=True, states=stops(S.OPT_OUT, 3),
        known=replace(RECORD, weak_opt_outs_last_minute=60),
    ),
    Case(
        id="16 breaker B1: no letter", signal=opt_out(E2), row="16", states=stops(S.OPT_OUT),
        known=replace(RECORD, weak_opt_outs_last_minute=60),
    ),
    Case(id="18 E1", signal=opt_out(E1), known=situation(ever_known=True), row="18", states=stops(S.OPT_OUT, 396)),
    Case(id="18 E0", signal=opt_out(E0), known=situation(ever_known=True), row="18", states=stops(S.OPT_OUT, 396)),
    # Rows 19 and 20: replies
    Case(
        id="19 E3", signal=opt_out(E3, Manner.KEYWORD), known=BY_TOKEN, row="19", states=stops(S.OPT_OUT),
        letter=L.OPT_OUT,
    ),
    Case(id="19 E2", signal=opt_out(E2, Manner.KEYWORD), row="19", states=stops(S.OPT_OUT), letter=L.OPT_OUT),
    Case(
        id="19 E1", signal=opt_out(E1, Manner.KEYWORD), known=RECORD, row="19", states=stops(S.OPT_OUT),
        letter=L.OPT_OUT_UNVERIFIED,
    ),
    Case(id="20 sure", signal=opt_out(E2, Manner.WORDING), row="20", states=stops(S.OPT_OUT), letter=L.OPT_OUT),
    Case(
        id="20 likely", signal=opt_out(E2, Manner.WORDING, confidence=Confidence.LIKELY), known=RECORD, row="20",
        alert=True, states=stops(S.HELD, 1),
    ),
    # Row 21: privacy
    Case(
        id="21 erase", signal=privacy(PrivacyKind.ERASE), row="21", states=stops(S.OPT_OUT), letter=L.ERASE_RECEIPT,
        alert=True,
    ),
    Case(
        id="21 erase E1", signal=privacy(PrivacyKind.ERASE, E1), known=RECORD, row="21", states=stops(S.OPT_OUT),
        alert=True,
    ),
    Case(
        id="21 breaker B1", signal=privacy(PrivacyKind.ERASE, E1), row="21", states=stops(S.OPT_OUT, 3), alert=True,
        known=replace(RECORD, weak_opt_outs_last_minute=60),
    ),
    Case(id="21b access", signal=privacy(PrivacyKind.ACCESS), row="21b", letter=L.ACCESS_RECEIPT, alert=True),
    Case(id="21b replay", signal=privacy(PrivacyKind.ACCESS), known=situation(duplicate=True), row="21b"),
    # Row 22: preferences
    Case(
        id="22 topic", signal=preference(PreferenceKind.TOPIC, "topic:valves"), row="22", letter=L.TOPIC,
        states=stops(S.OPT_OUT, scope="topic:valves"),
    ),
    Case(id="22 topic without a name", signal=preference(PreferenceKind.TOPIC), row="22", alert=True),
    Case(id="22 unnamed topic", signal=preference(PreferenceKind.TOPIC, "topic:unnamed"), row="22", alert=True),
    Case(
        id="22 no stranger's text in a letter", signal=preference(PreferenceKind.TOPIC, "topic:<b>buy</b>"), row="22",
        states=stops(S.OPT_OUT, scope="topic:<b>buy</b>"),
    ),
    Case(
        id="22 pause", signal=preference(PreferenceKind.PAUSE, until=NOW + 60 * DAY), row="22",
        states=stops(S.PAUSED, 60), letter=L.PAUSE,
    ),
    Case(
        id="22 pause without end", signal=preference(PreferenceKind.PAUSE), row="22", states=stops(S.PAUSED, 90),
        letter=L.PAUSE,
    ),
    Case(id="22 pause long over", signal=preference(PreferenceKind.PAUSE, until=NOW - DAY), row="22", alert=True),
    Case(id="22 less often", signal=preference(PreferenceKind.FREQUENCY), row="22", letter=L.FREQUENCY),
    Case(
        id="22 topic, breaker B1", row="22",
        signal=replace(preference(PreferenceKind.TOPIC, "topic:valves"), evidence=evidence(E1)),
        alert=True, states=stops(S.OPT_OUT, 3, "topic:valves"),
        known=replace(RECORD, weak_opt_outs_last_minute=60),
    ),
    Case(id="22 replay", signal=preference(PreferenceKind.FREQUENCY), known=situation(duplicate=True), row="22"),
    # Rows 23 and 24: START; hazard D5
    Case(
        id="23 confirmed", signal=start(E3, confirmed=True), row="23", letter=L.RESUBSCRIBED,
        known=situation(standing(S.OPT_OUT), standing(S.HELD), standing(S.FULL), **STARTED),
    ),
    Case(
        id="23 confirmed, complaint stays", signal=start(E3, confirmed=True), row="23", states=stops(S.COMPLAINT),
        known=situation(standing(S.COMPLAINT), **STARTED),
    ),
    Case(
        id="23 confirmed, hard stays", signal=start(E3, confirmed=True), row="23", states=stops(S.HARD),
        known=situation(standing(S.OPT_OUT), standing(S.HARD), **STARTED),
    ),
    Case(
        id="23 confirmed by its own proven mail, hard is lifted", row="23", letter=L.RESUBSCRIBED,
        signal=replace(
            start(E3, confirmed=True),
            evidence=replace(evidence(E3, Purpose.CONFIRM), authenticated=True),
        ),
        known=situation(standing(S.OPT_OUT), standing(S.HARD), **STARTED),
    ),
    Case(
        id="23 confirmed by a robot", signal=start(E3, confirmed=True, answerable=False), row="23",
        states=stops(S.OPT_OUT), known=situation(standing(S.OPT_OUT), **STARTED),
    ),
    Case(
        id="23 confirmed twice", signal=start(E3, confirmed=True), row="23", states=stops(S.OPT_OUT),
        letter=L.START_CONFIRM, known=situation(standing(S.OPT_OUT), token_used=True, **STARTED),
    ),
    Case(
        id="23 confirmed too late", signal=start(E3, confirmed=True), row="23", states=stops(S.OPT_OUT),
        letter=L.START_CONFIRM,
        known=situation(
            standing(S.OPT_OUT), sent=replace(START_LETTER, minted_at=NOW - 9 * DAY), of_record=True, ever_known=True
        ),
    ),
    Case(
        id="23 a newsletter's token confirms nothing", signal=start(E3, confirmed=True), row="23",
        letter=L.START_CONFIRM, states=stops(S.OPT_OUT),
        known=situation(standing(S.OPT_OUT), sent=SENT, of_record=True, ever_known=True),
    ),
    Case(
        id="23 a token whose address is forgotten", signal=start(E3, confirmed=True), row="23", alert=True,
        states=stops(S.OPT_OUT), known=situation(standing(S.OPT_OUT)),
    ),
    Case(
        id="23 a page's button", row="23", letter=L.RESUBSCRIBED,
        signal=replace(start(E3, confirmed=True), evidence=evidence(E3, Purpose.UNSUBSCRIBE)),
        known=situation(standing(S.OPT_OUT), sent=SENT, of_record=True, origin=origin(door=Door.WEB, sender=None)),
    ),
    Case(
        id="23 token alone ends a pause", signal=start(E3), row="23", letter=L.RESUBSCRIBED,
        known=situation(standing(S.PAUSED), sent=SENT, of_record=True, ever_known=True),
    ),
    Case(
        id="23 unsure words end no pause, whatever the token", row="23", letter=L.START_CONFIRM, states=stops(S.PAUSED),
        signal=replace(start(E3), evidence=replace(start(E3).evidence, confidence=Confidence.LIKELY)),
        known=situation(standing(S.PAUSED), sent=SENT, of_record=True, ever_known=True),
    ),
    Case(
        id="23 token alone ends only the pause", signal=start(E3), row="23", letter=L.START_CONFIRM,
        states=stops(S.OPT_OUT),
        known=situation(standing(S.OPT_OUT), standing(S.PAUSED), sent=SENT, of_record=True, ever_known=True),
    ),
    Case(
        id="23 proven, not confirmed", signal=start(E2), row="23", letter=L.START_CONFIRM, states=stops(S.OPT_OUT),
        known=situation(standing(S.OPT_OUT)),
    ),
    Case(
        id="23 proven, but hard", signal=start(E2), row="23", states=stops(S.HARD), alert=True,
        known=situation(standing(S.HARD)),
    ),
    Case(id="23 nothing to lift", signal=start(E2), row="23"),
    Case(
        id="24 of record", signal=start(E1), row="24", letter=L.START_CONFIRM, states=stops(S.OPT_OUT),
        known=situation(standing(S.OPT_OUT), of_record=True, ever_known=True),
    ),
    Case(
        id="24 within the other windows", signal=start(E1), row="24", letter=L.START_CONFIRM, states=stops(S.OPT_OUT),
        known=situation(standing(S.OPT_OUT), of_record=True, last_letter_at=NOW, last_confirmation_at=NOW),
    ),
    Case(
        id="24 once a day", signal=start(E1), row="24", states=stops(S.OPT_OUT), alert=True,
        known=situation(standing(S.OPT_OUT), of_record=True, last_start_letter_at=NOW - timedelta(hours=23)),
    ),
    Case(
        id="24 a stranger", signal=start(E1), row="24", states=stops(S.OPT_OUT), alert=True,
        known=situation(standing(S.OPT_OUT)),
    ),
    Case(id="24 replay", signal=start(E1), row="24", known=situation(duplicate=True, of_record=True)),
    # Row 25: people
    Case(id="25 proven", signal=HumanReply(address=BUYER, evidence=evidence(E2)), row="25"),
    Case(id="25 unproven", signal=HumanReply(address=BUYER, evidence=evidence(E1)), row="25"),
    Case(
        id="25 replay", signal=HumanReply(address=BUYER, evidence=evidence(E2)), row="25",
        known=situation(duplicate=True),
    ),
    Case(id="junk, unproven", signal=opt_out(E1), known=replace(RECORD, origin=origin(junk=True)), row="junk"),
    Case(
        id="junk, proven", signal=opt_out(E2), known=replace(RECORD, origin=origin(junk=True)), row="16",
        states=stops(S.OPT_OUT), letter=L.OPT_OUT,
    ),
    # Orders and the clock
    Case(
        id="order suppress", signal=order(OrderKind.SUPPRESS), known=situation(**OPERATOR), row="order",
        states=stops(S.OPT_OUT),
    ),
    Case(
        id="order with a word", signal=order(OrderKind.SUPPRESS, "hard"), known=situation(**OPERATOR), row="order",
        states=stops(S.HARD),
    ),
    Case(
        id="order with an unknown word", signal=order(OrderKind.SUPPRESS, "gone"), row="order",
        known=situation(**OPERATOR),
    ),
    Case(id="order without a why", signal=order(OrderKind.SUPPRESS, why=" "), known=situation(**OPERATOR), row="order"),
    Case(
        id="order with its end past", signal=replace(order(OrderKind.SUPPRESS), until=NOW), row="order",
        known=situation(**OPERATOR),
    ),
    Case(
        id="order lifts one state", signal=order(OrderKind.LIFT, "hard"), row="order", states=stops(S.OPT_OUT),
        known=situation(standing(S.OPT_OUT), standing(S.HARD), **OPERATOR),
    ),
    Case(
        id="order without a word lifts all but a complaint", signal=order(OrderKind.LIFT), row="order",
        states=stops(S.COMPLAINT),
        known=situation(standing(S.COMPLAINT), standing(S.HARD), standing(S.OPT_OUT, scope="list:news"), **OPERATOR),
    ),
    Case(
        id="order lifts a complaint by its name", signal=order(OrderKind.LIFT, "complaint"), row="order",
        states=stops(S.HARD), known=situation(standing(S.COMPLAINT), standing(S.HARD), **OPERATOR),
    ),
    Case(
        id="order without a why lifts nothing", signal=order(OrderKind.LIFT, why=""), row="order",
        states=stops(S.COMPLAINT), known=situation(standing(S.COMPLAINT), **OPERATOR),
    ),
    Case(
        id="no other door lifts a complaint", signal=order(OrderKind.LIFT, "complaint"), row="order",
        states=stops(S.COMPLAINT) + stops(S.OPT_OUT),
        known=situation(standing(S.COMPLAINT), standing(S.OPT_OUT), origin=origin(door=Door.WEB)),
    ),
    Case(
        id="order lifts one scope", signal=order(OrderKind.LIFT, scope="list:news"), row="order",
        states=stops(S.OPT_OUT, scope="topic:valves"),
        known=situation(
            standing(S.OPT_OUT, scope="list:news"), standing(S.OPT_OUT, scope="topic:valves"), **OPERATOR
        ),
    ),
    Case(id="tick", signal=Tick(address=BUYER, evidence=evidence(E0), timer="gone"), row="tick"),
]  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in TABLE])
def test_table(case: Case) -> None:
    plan = decide(case.signal, case.known, case.settings, NOW)
    after = plan.states[0] if plan.states else case.known.state
    assert plan.row == case.row
    if case.known.duplicate:
        assert not plan.states
    else:
        assert {_short(s) for s in after.standings} == set(case.states)
    assert [letter.kind for letter in plan.effects] == ([case.letter] if case.letter else [])
    assert bool(plan.alert) is case.alert
    assert plan.reason.endswith(".") or case.row == "order"
    assert all(s.reason and s.rule and s.by for s in after.standings)


def _short(s: Standing) -> tuple[S, str, float | None]:
    return (s.state, s.scope, None if s.until is None else (s.until - NOW) / DAY)


def test_points_of_row_7_and_25() -> None:  # hazard D12
    given_up = decide(bounce(E3, R.EXPIRED, "4.4.7"), BY_TOKEN, SETTINGS, NOW)
    assert given_up.states[0].points == Points(total=0.5, first_at=NOW, last_at=NOW, today=0.5)
    assert not given_up.states[0].standings
    known = replace(BY_TOKEN, state=given_up.states[0])
    for later, total in ((timedelta(hours=2), 0.5), (3 * DAY, 1.0), (31 * DAY, 0.5)):
        plan = decide(bounce(E3, R.EXPIRED, "4.4.7"), replace(known, origin=origin()), SETTINGS, NOW + later)
        assert (plan.states or (known.state,))[0].points.total == total
    reply = decide(HumanReply(address=BUYER, evidence=evidence(E2)), known, SETTINGS, NOW)
    assert reply.states[0].points == Points()
    assert reply.states[0].engaged_at == NOW
    weak = decide(HumanReply(address=BUYER, evidence=evidence(E1)), known, SETTINGS, NOW)
    assert not weak.states
