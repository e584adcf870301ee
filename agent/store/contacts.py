"""Contacts: what the operator's own list says of a person. Nothing here touches a state, so none can be lifted."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from agent.model.address import AddressKey
from agent.store.db import Db
from agent.store.times import optional_to_sql


class Saved(Enum):
    """What became of a contact."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One person of a list; an empty field says nothing and leaves what is known."""

    key: AddressKey
    name: str = ""
    language: str = ""
    country: str = ""
    list: str = ""
    tags: str = ""
    stage: str = ""
    consent_source: str = ""
    consent_at: datetime | None = None


def save(db: Db, contact: Contact) -> Saved:
    """Adds the contact, or brings what is known of it up to date; the same again changes nothing."""
    known = bool(db.sql.is_contact(key=str(contact.key)))
    written = db.sql.contact_save(
        key=str(contact.key),
        raw=contact.key.raw,
        domain=contact.key.domain,
        name=contact.name,
        language=contact.language,
        country=contact.country,
        list=contact.list,
        tags=contact.tags,
        stage=contact.stage,
        consent_source=contact.consent_source,
        consent_at=optional_to_sql(contact.consent_at),
    )
    if not written:
        return Saved.SAME
    return Saved.CHANGED if known else Saved.NEW
