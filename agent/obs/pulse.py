"""Does the daemon make progress? One answer for systemd's watchdog and for /healthz, so that the two never disagree.

Every part says, each time it gets somewhere, until when it will do so again. A part whose time is over stands still;
an event loop that stood still shows by the lateness of its own beat.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

LOOP = "the event loop"
BEAT_SECONDS = 5.0
SLACK_SECONDS = 5.0  # how late a beat may be


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    last: float
    due: float
    why: str


@dataclass(slots=True, kw_only=True)
class Pulse:
    """The beats of all parts. `clock` only runs forward; `beat_seconds` is the time between two beats of the loop."""

    clock: Callable[[], float]
    beat_seconds: float = BEAT_SECONDS
    _parts: dict[str, _Part] = field(default_factory=dict)

    @property
    def slack(self) -> float:
        """A watchdog of a second has a patience to match."""
        return min(SLACK_SECONDS, 5 * self.beat_seconds)

    def beat(self, part: str, within: float) -> None:
        """It got somewhere, and will again within so many seconds."""
        now = self.clock()
        self._parts[part] = _Part(last=now, due=now + within, why="")

    def failed(self, part: str, why: str) -> None:
        """It tried and could not; that counts until its next beat."""
        now = self.clock()
        before = self._parts.get(part)
        self._parts[part] = _Part(last=before.last if before else now, due=now, why=why)

    def fault(self) -> str:
        """What stands still, in one line; empty when all goes on."""
        now = self.clock()
        for name, part in self._parts.items():
            if part.why:
                return f"{name}: {part.why}"
            if now > part.due:
                return f"{name} has made no progress for {now - part.last:.0f} s"
        return ""

    def turn(self) -> str:
        """One beat of the loop; the fault there was before it."""
        fault = self.fault()
        self.beat(LOOP, self.beat_seconds + self.slack)
        return fault
