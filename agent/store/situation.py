"""Everything `decide` may know about a signal, read in the transaction that will store the decision."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.model.address import AddressKey
from agent.model.mail import Token
from agent.model.settings import PolicySettings, Settings
from agent.model.signal import Bounce, Complaint, OptOut, Origin, Preference, Resubscribe, Signal
from agent.model.state import SentMail, Situation, Suspicion
from agent.store import address_state, sent
from agent.store.db import Db
from agent.store.times import from_sql, optional_from_sql, to_sql

NOBODY = AddressKey(local="", domain="")  # a complaint whose recipient nobody could find
_COUNTED_EXACTLY = 1000  # known addresses of one domain; more are counted only as far as a percentage needs


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """Whom the signal is about, and the send-log row that says so."""

    key: AddressKey
    sent: SentMail | None
    token: Token | None


def load(db: Db, signal: Signal, origin: Origin, settings: Settings, now: datetime) -> Situation:
    """The facts on the address a signal is about, after its token was resolved to the address it was minted for."""
    subject = _resolve(db, signal)
    key, token = subject.key, subject.token
    known = _is_known(db, key)
    marketing = bool(db.sql.any_recipient())
    letter_at, confirmation_at, start_at = db.sql.letters_last(key=str(key), now=to_sql(now))
    situation = Situation(
        state=address_state.load(db, key),
        origin=origin,
        sent=subject.sent,
        of_record=known or (token is not None and subject.sent is not None and subject.sent.address == key),
        ever_known=marketing or bool(db.sql.any_contact()),
        token_used=token is not None and sent.token_used(db, token.id, token.purpose),
        token_purpose=None if token is None else token.purpose,
        duplicate=bool(db.sql.event_content_seen(content_key=origin.content_key, inbox_id=origin.inbox_id)),
        marketing_minted=marketing,
        last_letter_at=optional_from_sql(letter_at),
        last_confirmation_at=optional_from_sql(confirmation_at),
        last_start_letter_at=optional_from_sql(start_at),
        letter_already_planned=bool(db.sql.event_letter_planned(inbox_id=origin.inbox_id)),
    )
    if isinstance(signal, Bounce):
        return _with_bounces(db, situation, settings.policy, now)
    if isinstance(signal, OptOut | Complaint):
        since = to_sql(now - timedelta(minutes=1))
        return replace(situation, weak_opt_outs_last_minute=db.sql.event_weak_opt_outs(since=since))
    return situation


def _resolve(db: Db, signal: Signal) -> _Subject:
    """A token proves whom it was minted for; a Message-ID only points at a row, it does not change the subject."""
    token = signal.evidence.token
    found = None if token is None else sent.find(db, token.id)
    if found is not None and isinstance(signal, OptOut | Preference | Resubscribe | Bounce | Complaint):
        return _Subject(key=found.address, sent=found, token=token)
    if found is None and isinstance(signal, Bounce | Complaint) and signal.original_message_id:
        found = sent.by_message_id(db, signal.original_message_id, signal.address)
    return _Subject(key=signal.address or NOBODY, sent=found, token=token)


def _is_known(db: Db, key: AddressKey) -> bool:
    return bool(db.sql.is_recipient(domain=key.domain, key=str(key)) or db.sql.is_contact(key=str(key)))


def _with_bounces(db: Db, situation: Situation, policy: PolicySettings, now: datetime) -> Situation:
    key = situation.state.key
    window = to_sql(now - timedelta(days=policy.suspect_window_days))
    suspicions = reversed(tuple(db.sql.event_suspicions(key=str(key), since=window)))
    hard = db.sql.event_domain_hard(domain=key.domain, since=to_sql(now - timedelta(days=1)))
    enough = max(_COUNTED_EXACTLY, (hard + 1) * 100 // policy.hard_domain_percent + 1)
    return replace(
        situation,
        weak_hard_last_hour=db.sql.event_weak_hard(since=to_sql(now - timedelta(hours=1))),
        domain_recipients=db.sql.domain_recipients(domain=key.domain, enough=enough),
        domain_hard_last_day=hard,
        earlier_suspicions=tuple(Suspicion(at=from_sql(row[0]), about=row[1]) for row in suspicions),
    )
