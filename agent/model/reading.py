"""Reading: what the reader process made of one mail."""

from dataclasses import dataclass
from datetime import datetime

from agent.model.address import AddressKey
from agent.model.mail import Role
from agent.model.signal import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the reader made of one mail: all its signals, the weightiest first."""

    kind: str
    signals: tuple[Signal, ...]
    language: str = ""
    automatic: bool = False
    defects: tuple[str, ...] = ()
    content_key: str = ""
    message_id: str = ""
    sender: AddressKey | None = None
    role: Role | None = None
    written_at: datetime | None = None
    references: str = ""
