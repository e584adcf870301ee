"""The daemon's side of the reader: one child process for ever, replaced whenever it dies.

Questions go down a pipe several at a time and are answered in order, so the oldest unanswered one is the one being
read. When the child dies or is killed for hanging, that one mail is blamed; the ones behind it go to a fresh child.
"""

import asyncio

from agent.model.dkim import KeyAnswer
from agent.model.mail import RawMessage
from agent.model.reading import Reading
from agent.model.settings import Settings, without_secrets
from agent.worker import frames
from agent.worker.child import Child, ReaderDown, ReaderFailed, Unread

__all__ = ["Reader", "ReaderDown", "ReaderFailed"]

IN_FLIGHT = 8  # enough to keep the child busy; each may hold a whole mail in memory
START_PAUSES = (0.0, 0.2, 1.0, 3.0)  # seconds before each try to start


class Reader:
    """Reads mails in a process of its own."""

    def __init__(self, settings: Settings, key_file_text: str = "", own_keys: tuple[KeyAnswer, ...] = ()) -> None:
        hello = frames.Hello(settings=without_secrets(settings), key_file_text=key_file_text, own_keys=own_keys)
        self._hello = frames.framed(frames.encode_hello(hello), frames.MAX_QUESTION)
        self._limits = settings.limits
        self._child: Child | None = None
        self._stopped = False
        self._started = 0
        self._starting = asyncio.Lock()
        self._places = asyncio.Semaphore(IN_FLIGHT)

    @property
    def restarts(self) -> int:
        """How many children had to be replaced."""
        return max(self._started - 1, 0)

    async def start(self) -> None:
        """Have a child with its rules loaded; ReaderDown when none will start."""
        self._stopped = False
        await self._living()

    async def read(self, message: RawMessage, keys: tuple[KeyAnswer, ...] = ()) -> Reading:
        """What the mail says; ReaderFailed when the mail cannot be read, ReaderDown when there is no reader."""
        try:
            question = frames.framed(
                frames.encode_question(frames.Question(message=message, keys=keys)), frames.MAX_QUESTION
            )
        except ValueError as error:  # too large for a frame, or an envelope that is no Unicode
            raise ReaderFailed(str(error)) from None
        async with self._places:
            while True:
                child = await self._living()
                try:
                    return await child.ask(question)
                except Unread:
                    continue

    async def stop(self) -> None:
        """End the child; what it was asked and did not answer ends in ReaderDown."""
        self._stopped = True
        async with self._starting:
            child, self._child = self._child, None
            if child:
                await child.close()

    async def _living(self) -> Child:
        async with self._starting:
            if self._stopped:
                raise ReaderDown("the reader was stopped")
            if self._child and self._child.living:
                return self._child
            if self._child:
                await self._child.gone.wait()
            self._child = None
            self._child = await self._spawn()
            return self._child

    async def _spawn(self) -> Child:
        why = ""
        for pause in START_PAUSES:
            await asyncio.sleep(pause)
            child = Child(self._limits)
            try:
                await child.launch(self._hello)
            except ReaderDown as error:
                why = str(error)
            else:
                self._started += 1
                return child
        raise ReaderDown(f"the reader does not start: {why}")
