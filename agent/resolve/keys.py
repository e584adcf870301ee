"""The key records of signatures: asked for once, kept for their time, and never waited for long.

Laws: whatever names strangers write into their mail, there is a most of questions under way and of answers kept; and
a slow server keeps nobody waiting: its answer is there when the mail comes again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from agent.model.dkim import KeyAnswer, KeyState
from agent.model.mail import RawMessage
from agent.model.settings import Settings
from agent.obs.log import event
from agent.resolve.dns import Found
from agent.trust.dkim_names import names_wanted

log = logging.getLogger(__name__)

MAX_KEPT = 1_000
MAX_UNDER_WAY = 64
PATIENCE_SECONDS = 0.5
LEAST_SECONDS, MOST_SECONDS = 60, 21_600  # how long an answer is kept, whatever its owner says
NONE_SECONDS = 300
TEMPERROR_SECONDS = 10

# How long a mail waits for an answer that is not there yet: a slow one comes by then, a broken DNS is often mended.
PUT_OFF = (timedelta(seconds=15), timedelta(minutes=5))

_KEEP = {KeyState.NONE: NONE_SECONDS, KeyState.TEMPERROR: TEMPERROR_SECONDS}


async def no_keys(_message: RawMessage, _settings: Settings) -> tuple[KeyAnswer, ...]:
    """For whoever has no DNS."""
    return ()


class KeyBook:
    """Answers of the DNS by name. Used as a context: leaving it ends what is under way."""

    def __init__(
        self, ask: Callable[[str], Awaitable[Found | None]], clock: Callable[[], float], *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:  # fmt: skip
        self._ask = ask
        self._clock = clock
        self._patience = patience
        self._kept: dict[str, tuple[float, KeyAnswer]] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._group = asyncio.TaskGroup()
        self._mute = False

    async def __aenter__(self) -> "KeyBook":
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._under_way.values():
            task.cancel()
        await self._group.__aexit__(None, None, None)  # whatever ended the context goes on as it is

    async def of(self, message: RawMessage, settings: Settings) -> tuple[KeyAnswer, ...]:
        """What is known of the keys this mail needs; as a rule it needs none or one."""
        names = names_wanted(message, settings)
        return await self.look_up(names) if names else ()

    async def look_up(self, names: tuple[str, ...]) -> tuple[KeyAnswer, ...]:
        """What is known of these names within our patience; of the others a temperror. Without any DNS: nothing."""
        asked = [task for name in names if (task := self._task(name)) is not None]
        if asked:
            await asyncio.wait(asked, timeout=self._patience)
        return () if self._mute else tuple(self._answer(name) for name in names)

    def _answer(self, name: str) -> KeyAnswer:
        kept = self._fresh(name)
        return kept if kept is not None else KeyAnswer(name=name, state=KeyState.TEMPERROR)

    def _fresh(self, name: str) -> KeyAnswer | None:
        until, answer = self._kept.get(name, (0.0, None))
        return answer if answer is not None and until > self._clock() else None

    def _task(self, name: str) -> asyncio.Task[None] | None:
        """The question about a name, begun now if need be; None when it is answered, or too many are under way."""
        if self._fresh(name) is not None:
            return None
        task = self._under_way.get(name)
        if task is None and len(self._under_way) < MAX_UNDER_WAY:
            task = self._group.create_task(self._question(name), name=f"dns {name}")
            self._under_way[name] = task
            task.add_done_callback(lambda _: self._under_way.pop(name, None))
        return task

    async def _question(self, name: str) -> None:
        found = await self._ask(name)
        self._hear(found is None)
        if found is None:
            return
        seconds = _KEEP.get(found.state, min(max(found.ttl, LEAST_SECONDS), MOST_SECONDS))
        self._kept.pop(name, None)
        while len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        answer = KeyAnswer(name=name, state=found.state, txt=found.txt)
        self._kept[name] = (self._clock() + seconds, answer)

    def _hear(self, mute: bool) -> None:
        if mute and not self._mute:
            event(log, "no_dns", level=logging.WARNING, mend="no DNS server in /etc/resolv.conf; see [dkim] resolver")
        self._mute = mute
