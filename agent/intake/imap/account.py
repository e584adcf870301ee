"""One account, for ever: connect, serve, and after whatever goes wrong wait and begin again. Only a cancel ends it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

from agent.intake.imap.backoff import Backoff
from agent.intake.imap.connection import Timing, connect
from agent.intake.imap.login import log_in
from agent.intake.imap.progress import Progress
from agent.intake.imap.session import Desk, Session
from agent.intake.imap.trouble import Alarm, AlarmCall, ImapTrouble, Mistake, said
from agent.model.settings import ImapAccount
from agent.obs.log import event
from agent.process import MailboxSink
from agent.store.errors import StoreError
from agent.store.writer import Writer

log = logging.getLogger("optoutd.imap")

TIMING = Timing()


async def run(
    account: ImapAccount,
    password: str,
    sink: MailboxSink,
    writer: Writer,
    *,
    now: Callable[[], datetime],
    alarm: AlarmCall | None = None,
    over: Callable[[], object] = lambda: None,
    failed: Callable[[str, float], object] = lambda _why, _wait: None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    chance: Callable[[], float] = random.random,
    timing: Timing = TIMING,
    hands_off: bool = False,
) -> None:
    """Read this account's folders until cancelled; `alarm` hears once what needs a person, `over` each good round,
    `failed` each time that it breaks off, with the seconds until the next try.

    With `hands_off` nothing in the mailbox is touched; a later run without it flags or moves what was stored.
    """
    alarms = _Alarms(account.name, alarm)
    backoff = Backoff()

    def healthy() -> None:
        backoff.healthy()
        alarms.over()
        over()

    desk = Desk(
        account=account,
        sink=sink,
        progress=Progress(writer, account, now),
        now=now,
        tell=alarms.mention,
        healthy=healthy,
        hands_off=hands_off,
    )
    while True:
        try:
            await _serve(desk, password, timing)
        except (ImapTrouble, StoreError, OSError) as trouble:  # TimeoutError and ssl.SSLError are OSErrors
            seconds = backoff.seconds(trouble, chance())
            if isinstance(trouble, Mistake):
                alarms.ring(trouble)
            why = said(str(trouble)) or type(trouble).__name__
            failed(trouble.text if isinstance(trouble, Mistake) else why, seconds)
            event(
                log,
                "imap interrupted",
                level=logging.WARNING,
                account=account.name,
                why=why,
                wait_seconds=round(seconds, 1),
            )
            await sleep(seconds)


async def _serve(desk: Desk, password: str, timing: Timing) -> None:
    account = desk.account
    connection = await connect(account, timing)
    try:
        await log_in(connection, account, password)
        event(log, "imap connected", account=account.name)
        await Session(connection, desk, timing).serve()
    finally:
        await connection.close()


class _Alarms:
    """Says each thing once: what ended a session, until a round goes well; what did not, for the life of the run."""

    def __init__(self, account: str, call: AlarmCall | None) -> None:
        self._account = account
        self._call = call
        self._ringing: set[str] = set()
        self._mentioned: set[str] = set()

    def ring(self, mistake: Mistake) -> None:
        """Something ended the session."""
        self._say(mistake, self._ringing)

    def mention(self, mistake: Mistake) -> None:
        """Something is wrong, but mail is read."""
        self._say(mistake, self._mentioned)

    def over(self) -> None:
        """A round went well."""
        self._ringing.clear()

    def _say(self, mistake: Mistake, told: set[str]) -> None:
        if mistake.text in told:
            return
        told.add(mistake.text)
        event(log, "imap alarm", level=logging.ERROR, account=self._account, worry=mistake.worry, why=mistake.text)
        if self._call is not None:
            self._call(Alarm(account=self._account, worry=mistake.worry, text=mistake.text))
