"""The send log: which token id was minted for whom, which tokens have acted, and that their keys are still the same."""

import hashlib
from collections.abc import Mapping, Sequence

from agent.model.address import AddressKey
from agent.model.mail import Purpose
from agent.model.signal import Bounce, Signal
from agent.model.state import SentMail
from agent.store.address_state import key_from_sql
from agent.store.db import Db
from agent.store.errors import StoreError
from agent.store.times import from_sql, to_sql


def record(db: Db, mail: SentMail, message_id: str = "") -> None:
    """Remembers a minted token id. Only marketing mail makes its recipient known to us, a letter of ours does not."""
    db.sql.sent_add(
        id=mail.id,
        key=str(mail.address),
        raw=mail.address.raw,
        list=mail.list,
        campaign=mail.campaign,
        message_id=message_id,
        minted_at=to_sql(mail.minted_at),
        letter=mail.letter,
    )
    if not mail.letter:
        db.sql.recipient_add(domain=mail.address.domain, key=str(mail.address))


def find(db: Db, token_id: str) -> SentMail | None:
    """Whom this token id was minted for."""
    return _from_sql(db.sql.sent_find(id=token_id))


def by_message_id(db: Db, message_id: str, address: AddressKey | None = None) -> SentMail | None:
    """The mail with this Message-ID. One mail to many has a row for each: `address` picks its own, without it none."""
    if address is None:
        return _from_sql(db.sql.sent_by_message_id(message_id=message_id))
    return _from_sql(db.sql.sent_by_message_id_and_key(message_id=message_id, key=str(address)))


def _from_sql(row: Sequence[object] | None) -> SentMail | None:
    if row is None:
        return None
    token_id, key, raw, name, campaign, minted_at, letter = row
    assert isinstance(minted_at, int)
    return SentMail(
        id=str(token_id),
        address=key_from_sql(str(key), str(raw)),
        list=str(name),
        campaign=str(campaign),
        minted_at=from_sql(minted_at),
        letter=bool(letter),
    )


def use_token(db: Db, token_id: str, purpose: Purpose, event_id: int) -> bool:
    """Marks that the token has acted for this purpose; False when it had before."""
    return db.sql.token_use(token_id=token_id, purpose=purpose.value, event_id=event_id) is not None


def token_used(db: Db, token_id: str, purpose: Purpose) -> bool:
    """Whether it has acted for this purpose."""
    return bool(db.sql.token_used(token_id=token_id, purpose=purpose.value))


def use_proof(db: Db, signal: Signal, address: AddressKey, event_id: int) -> None:
    """What proved this signal of an address has acted, and will not act again."""
    if signal.evidence.token:
        use_token(db, signal.evidence.token.id, signal.evidence.token.purpose, event_id)
    elif isinstance(signal, Bounce) and signal.own_signature:
        use_original(db, signal.original_message_id, address, event_id)


def use_original(db: Db, message_id: str, address: AddressKey, event_id: int) -> bool:
    """Marks that our signature on this returned mail has proven a bounce of this address; False when it had before."""
    return db.sql.original_use(digest=_digest(message_id, address), event_id=event_id) is not None


def original_used(db: Db, message_id: str, address: AddressKey) -> bool:
    """Whether it has."""
    return bool(db.sql.original_used(digest=_digest(message_id, address)))


def _digest(message_id: str, address: AddressKey) -> bytes:
    return hashlib.sha256(f"{message_id}\0{address}".encode("utf-8", "surrogateescape")).digest()


def check_vectors(db: Db, vectors: Mapping[str, str]) -> None:
    """Holds each key id's test vector against the stored one, and stores that of a new key id."""
    for kid, vector in vectors.items():
        stored: str | None = db.sql.token_vector(kid=kid)
        if stored is None:
            db.sql.token_vector_add(kid=kid, vector=vector)
        elif stored != vector:
            raise StoreError(
                f"token key {kid!r} is not the key it was: every token minted with it would be refused; "
                "restore the old key file, or give the new key a key id of its own"
            )
