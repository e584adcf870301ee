"""The two pages. /healthz costs nothing; a look into the store for /metrics is shared by all who ask soon after.

Law: looking takes at most a twentieth of the time, however large the store has become.
"""

import asyncio
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from importlib.metadata import version

import apsw

from agent.intake.troubles import Troubles
from agent.metrics.exposition import CONTENT_TYPE, text
from agent.metrics.facts import Facts, look
from agent.metrics.families import Living, families
from agent.metrics.server import Answer
from agent.model.settings import Settings
from agent.obs.pulse import Pulse
from agent.store.writer import Writer
from agent.worker.reader import Reader

FRESH_SECONDS = 1.0
SHARE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The parts that are asked how they do; `halted` is until when the relay is left alone."""

    settings: Settings
    pulse: Pulse
    writer: Writer
    reader: Reader
    troubles: Troubles
    halted: Callable[[], datetime | None]


@dataclass(slots=True, kw_only=True)
class Page:
    """What a path answers. `clock` only runs forward."""

    running: Running
    now: Callable[[], datetime]
    clock: Callable[[], float]
    _started_at: datetime = field(init=False)
    _facts: Facts | None = None
    _fresh_until: float = 0.0
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _build: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Looked up once."""
        self._started_at = self.now()
        self._build = {
            "version": version("optoutd"), "python": platform.python_version(), "sqlite": apsw.sqlite_lib_version(),
        }  # fmt: skip

    async def answer(self, path: str) -> Answer | None:
        """The page of this path."""
        match path:
            case "/healthz":
                fault = self.running.pulse.fault()
                status = HTTPStatus.SERVICE_UNAVAILABLE if fault else HTTPStatus.OK
                return Answer(status=status, body=f"{fault or 'ok'}\n")
            case "/metrics":
                facts = await self._look()
                return Answer(status=HTTPStatus.OK, body=text(families(self._living(), facts)), kind=CONTENT_TYPE)
            case _:
                return None

    async def _look(self) -> Facts:
        async with self._looking:
            if self._facts is None or self.clock() >= self._fresh_until:
                began = self.clock()
                self._facts = await asyncio.to_thread(look, self.running.settings.store, self.now())
                took = self.clock() - began
                self._fresh_until = self.clock() + max(FRESH_SECONDS, SHARE * took)
            return self._facts

    def _living(self) -> Living:
        parts = self.running
        return Living(
            build=self._build, started_at=self._started_at, healthy=not parts.pulse.fault(),
            writer_alive=not parts.writer.dead.done(), reader_restarts=parts.reader.restarts,
            relay_halted_until=parts.halted(), boxes=parts.troubles.boxes,
        )  # fmt: skip
