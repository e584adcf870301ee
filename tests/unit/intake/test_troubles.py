"""What is known of each mailbox: the door tells of each failure and each good round, the pulse expects the next."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.intake import imap
from agent.intake.imap.connection import Timing
from agent.intake.imap.trouble import LoginRefused
from agent.intake.troubles import GRACE_SECONDS, Heard, Troubles
from agent.model.settings import ImapAccount, TlsMode
from agent.obs.pulse import Pulse
from tests.support.child_server import free_ports
from tests.support.imap_intake import store
from tests.unit.store.samples import message

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


class Watched:
    """One mailbox and the pulse that hears of it."""

    def __init__(self, port: int = 993) -> None:
        self.seconds = 0.0
        self.pulse = Pulse(clock=lambda: self.seconds)
        self.troubles = Troubles(now=lambda: NOW, pulse=self.pulse)
        self.account = ImapAccount(name="sales", host="127.0.0.1", port=port, tls=TlsMode.NONE, user="sales")
        self.troubles.begin(self.account)


class StopError(Exception):
    pass


async def test_a_server_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    watched = Watched(*free_ports(1))
    account, troubles = watched.account, watched.troubles

    async def sleep(_: float) -> None:
        raise StopError

    async with store(tmp_path) as inbox:
        with pytest.raises(StopError):
            await imap.run(
                account, "pw", inbox, inbox.writer, now=lambda: NOW, sleep=sleep, timing=Timing(connect=5),
                failed=lambda why, wait: troubles.failed(account, why, wait),
            )  # fmt: skip
    (shut,) = troubles.shut()
    assert (shut.account, shut.since) == ("sales", NOW)
    assert "Connect call failed" in shut.why


# hazard K3
def test_a_mailbox_that_waits_for_its_next_try_is_no_hang_but_one_that_misses_it_is() -> None:
    watched = Watched()
    watched.troubles.failed(watched.account, "refused", 3600)
    watched.seconds = 3600 + GRACE_SECONDS
    assert watched.pulse.fault() == ""
    watched.seconds += 1
    assert watched.pulse.fault().startswith("mailbox sales has made no progress")
    watched.troubles.over(watched.account)
    assert watched.pulse.fault() == ""


# hazard K3
async def test_a_long_backlog_is_progress() -> None:
    watched = Watched()
    taken = []

    class Sink:
        async def accept(self, message: object, place: object = None) -> int:
            taken.append(message)
            return 1

        async def accept_many(self, mails: object) -> tuple[int, ...]:
            taken.append(mails)
            return (1,)

    heard = Heard(sink=Sink(), stored=lambda: watched.troubles.stored(watched.account))
    for _ in range(3):
        watched.seconds += GRACE_SECONDS
        assert watched.pulse.fault() == ""
        assert await heard.accept_many(()) == (1,)
        watched.seconds += GRACE_SECONDS
        assert await heard.accept(message()) == 1
    assert watched.pulse.fault() == ""
    assert len(taken) == 6


def test_the_words_of_a_refusal_are_kept_whole() -> None:
    watched = Watched()
    refusal = LoginRefused("the server refused the login: " + "use an app password; " * 20)
    watched.troubles.failed(watched.account, refusal.text, 60)
    assert watched.troubles.shut()[0].why == refusal.text
