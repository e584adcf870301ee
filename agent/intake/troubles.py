"""Which mailboxes the daemon cannot get into, since when, and why; in memory, for whoever tells the operator."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from agent.intake.imap.trouble import Alarm, Worry

_SHUT = (Worry.LOGIN, Worry.HOST, Worry.TLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """One mailbox that stays shut."""

    account: str
    since: datetime
    why: str


@dataclass(slots=True, kw_only=True)
class Troubles:
    """Hears the alarms of all accounts, and that a round went well."""

    now: Callable[[], datetime]
    _shut: dict[str, Shut] = field(default_factory=dict)

    def alarm(self, alarm: Alarm) -> None:
        """A person must act; the first time counts."""
        if alarm.worry in _SHUT:
            self._shut.setdefault(alarm.account, Shut(account=alarm.account, since=self.now(), why=alarm.text))

    def over(self, account: str) -> None:
        """Mail is read again."""
        self._shut.pop(account, None)

    def shut(self) -> tuple[Shut, ...]:
        """Those that are shut now."""
        return tuple(self._shut.values())
