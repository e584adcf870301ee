"""Everything `decide` may know about a signal, read in the transaction that will store the decision."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.model.address import AddressKey, fold_domain
from agent.model.mail import Purpose, Token
from agent.model.settings import PolicySettings, Settings
from agent.model.signal import (
    Bounce,
    Complaint,
    Decision,
    OptOut,
    Order,
    Origin,
    Preference,
    Privacy,
    Resubscribe,
    Signal,
    Tick,
    Timer,
)
from agent.model.state import Objections, SentMail, Situation, Suspicion
from agent.store import address_state, organisation, sent, waiting
from agent.store.db import Db
from agent.store.times import from_sql, optional_from_sql, to_sql

NOBODY = AddressKey(local="", domain="")  # a complaint whose recipient nobody could find
_COUNTED_EXACTLY = 1000  # known addresses of one domain; more are counted only as far as a percentage needs
_PERSONS_TOKENS = frozenset({Purpose.UNSUBSCRIBE, Purpose.REPLY, Purpose.CONFIRM})
_ADDRESS_LITERAL = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F:]{1,9})(?![\w.:])"
)


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
        token_used=_proof_used(db, signal, key, token),
        token_purpose=None if token is None else token.purpose,
        duplicate=bool(db.sql.event_content_seen(content_key=origin.content_key, inbox_id=origin.inbox_id)),
        marketing_minted=marketing,
        last_letter_at=optional_from_sql(letter_at),
        last_confirmation_at=optional_from_sql(confirmation_at),
        last_start_letter_at=optional_from_sql(start_at),
        domain_state=address_state.load(db, key.domain_key) if key.local else None,
        tags=_tags(db, key),
    )
    return _with_its_own(db, signal, situation, settings, now)


def _with_its_own(db: Db, signal: Signal, situation: Situation, settings: Settings, now: datetime) -> Situation:
    """The facts that only this kind of signal needs."""
    match signal:
        case Bounce():
            return _with_objections(db, signal, _with_bounces(db, situation, settings.policy, now), settings, now)
        case OptOut() | Complaint() | Preference() | Privacy():
            same = organisation.same(situation.origin.sender, situation.state.key)
            return _with_flood(db, situation, now, same_organisation=same)
        case Tick():
            return _with_timer(db, signal, _with_flood(db, situation, now, same_organisation=False))
        case Decision():
            review = None if signal.review is None else waiting.find_review(db, signal.review)
            ticket = None if signal.ticket is None else waiting.find_ticket(db, signal.ticket)
            return replace(situation, review=review, ticket=ticket)
        case _:
            return situation


def _resolve(db: Db, signal: Signal) -> _Subject:
    """A token proves whom it was minted for; a Message-ID only points at a row, it does not change the subject.

    What a bounce token proves about a report, it does not prove about a person's wish.
    """
    if isinstance(signal, Order | Decision | Tick):
        return _Subject(key=signal.address, sent=None, token=None)
    token = signal.evidence.token
    found = None if token is None else sent.find(db, token.id)
    if found is not None and isinstance(signal, OptOut | Preference | Resubscribe | Bounce | Complaint):
        return _Subject(key=found.address, sent=found, token=token)
    if found is not None and token is not None and isinstance(signal, Privacy) and token.purpose in _PERSONS_TOKENS:
        return _Subject(key=found.address, sent=found, token=token)
    if found is None and isinstance(signal, Bounce | Complaint) and signal.original_message_id:
        found = sent.by_message_id(db, signal.original_message_id, signal.address)
    return _Subject(key=signal.address or NOBODY, sent=found, token=token)


def _proof_used(db: Db, signal: Signal, key: AddressKey, token: Token | None) -> bool:
    """Whether what proves this signal has acted before: its token, or our signature on the returned mail."""
    if token is None and isinstance(signal, Bounce) and signal.own_signature:
        return sent.original_used(db, signal.original_message_id, key)
    return token is not None and sent.token_used(db, token.id, token.purpose)


def _is_known(db: Db, key: AddressKey) -> bool:
    return bool(db.sql.is_recipient(domain=key.domain, key=str(key)) or db.sql.is_contact(key=str(key)))


def _tags(db: Db, key: AddressKey) -> tuple[str, ...]:
    """Tags as the import wrote them: words between commas, semicolons or spaces."""
    found: str | None = db.sql.contact_tags(key=str(key))
    return tuple(re.split(r"[,;\s]+", found.strip().lower())) if found and found.strip() else ()


def _with_flood(db: Db, situation: Situation, now: datetime, *, same_organisation: bool) -> Situation:
    since = to_sql(now - timedelta(minutes=1))
    return replace(
        situation,
        same_organisation=same_organisation,
        weak_opt_outs_last_minute=db.sql.event_weak_opt_outs(since=since),
        breaker_batches=waiting.open_breakers(db, now),
    )


def _with_timer(db: Db, tick: Tick, situation: Situation) -> Situation:
    if tick.timer != Timer.REVIEW.value or not tick.about.isdecimal():
        return situation
    review = waiting.find_review(db, int(tick.about))
    token = review.evidence.token if review else None
    return replace(situation, review=review, sent=sent.find(db, token.id) if token else None)


def _with_bounces(db: Db, situation: Situation, policy: PolicySettings, now: datetime) -> Situation:
    key = situation.state.key
    window = to_sql(now - timedelta(days=policy.suspect_window_days))
    suspicions = reversed(tuple(db.sql.event_suspicions(key=str(key), since=window)))
    hard = db.sql.event_domain_hard(domain=key.domain, key=str(key), since=to_sql(now - timedelta(days=1)))
    enough = max(_COUNTED_EXACTLY, (hard + 1) * 100 // policy.hard_domain_percent + 1)
    return replace(
        situation,
        weak_hard_last_hour=db.sql.event_weak_hard(since=to_sql(now - timedelta(hours=1))),
        domain_recipients=db.sql.domain_recipients(domain=key.domain, enough=enough),
        domain_hard_last_day=hard,
        earlier_suspicions=tuple(Suspicion(at=from_sql(row[0]), about=row[1]) for row in suspicions),
        breaker_batches=waiting.open_breakers(db, now),
    )


def _with_objections(db: Db, bounce: Bounce, situation: Situation, settings: Settings, now: datetime) -> Situation:
    """Counters of policy row 4, for (our domain, our IP, receiving domain) over a day."""
    found = _ADDRESS_LITERAL.search(bounce.diagnostic)
    our_domain, our_ip = _our_domain(bounce, settings), found[0] if found else ""
    since = to_sql(now - timedelta(days=1))
    domain = situation.state.key.domain
    earlier, told = db.sql.objections_since(domain=domain, our_domain=our_domain, our_ip=our_ip, since=since)
    enough = settings.policy.objection_count * 100 // settings.policy.objection_percent + 1
    campaign = situation.sent.campaign if situation.sent else ""
    objections = Objections(
        our_domain=our_domain,
        our_ip=our_ip,
        earlier=earlier,
        send_size=db.sql.send_size(campaign=campaign, enough=enough),
        told=bool(told),
    )
    return replace(situation, objections=objections)


def _our_domain(bounce: Bounce, settings: Settings) -> str:
    """The domain we wrote from, as the returned Message-ID tells it, else our first."""
    named = fold_domain(bounce.original_message_id.strip("<> ").rpartition("@")[2])
    ours = tuple(filter(None, map(fold_domain, (*settings.identity.domains, settings.addresses.token_domain))))
    return named if named in ours else next(iter(ours), "")
