"""From the dot to 250: what is promised, and when it is not."""

import asyncio
import errno
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.intake.smtp.delivery import BUSY, FULL, Delivery, Parcel, is_full, raw_message, reference, trouble
from agent.intake.smtp.limits import Loan, Memory
from agent.model.mail import Door, Role
from agent.store.errors import StoreBusy, StoreError, StoreFull
from tests.unit.intake.smtp_door import NOW, PATIENCE, FakeSink

PARCEL = Parcel(
    envelope_from="anna@remote.test",
    envelope_to=("leave@example.com", "sales@example.com"),
    roles=frozenset({Role.UNSUBSCRIBE}),
    peer="192.0.2.7",
    raw=b"Subject: stop\r\n\r\n",
)


def test_raw_message_says_what_was_said() -> None:
    message = raw_message(PARCEL, NOW)
    assert message.source.door is Door.SMTP
    assert (message.envelope_from, message.envelope_to, message.peer) == (
        "anna@remote.test",
        PARCEL.envelope_to,
        "192.0.2.7",
    )
    assert (message.raw, message.received_at, message.role) == (PARCEL.raw, NOW, Role.UNSUBSCRIBE)


@pytest.mark.parametrize(
    "roles", [{Role.UNSUBSCRIBE, Role.REPLY}, {None}, {None, Role.BOUNCE}, {Role.REPLY, Role.BOUNCE, Role.COMPLAINT}]
)
def test_role_is_open_when_recipients_disagree(roles: set[Role | None]) -> None:
    assert raw_message(replace(PARCEL, roles=frozenset(roles)), NOW).role is None


def test_reference_is_the_same_for_a_mail_sent_again() -> None:
    again = replace(PARCEL, envelope_to=PARCEL.envelope_to[::-1], peer="192.0.2.8")
    assert reference(PARCEL, NOW) == reference(again, NOW + timedelta(hours=3))  # hazard A18


@pytest.mark.parametrize(
    "other",
    [
        replace(PARCEL, raw=b"Subject: stop\r\n\r\n\r\n"),
        replace(PARCEL, envelope_from="berta@remote.test"),
        replace(PARCEL, envelope_to=("leave@example.com",)),
    ],
)
def test_reference_tells_mails_apart(other: Parcel) -> None:
    assert reference(PARCEL, NOW) != reference(other, NOW)
    assert reference(PARCEL, NOW) != reference(PARCEL, NOW + timedelta(days=1))


def _caused(cause: BaseException) -> Exception:
    error = StoreError("cannot")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (StoreFull("full"), True),
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.EDQUOT, "x"), True),
        (_caused(StoreFull("full")), True),
        (_caused(OSError(errno.ENOSPC, "x")), True),
        (OSError(errno.EACCES, "x"), False),
        (StoreError("x"), False),
        (RuntimeError("full"), False),
    ],
)
def test_is_full(error: Exception, full: bool) -> None:
    assert is_full(error) is full
    assert (trouble(error) == FULL) is full  # hazard A17


def test_trouble_tells_an_id_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    reply = trouble(RuntimeError("secret /etc/x\r\n250 injected"))  # hazard A21
    found = reply.removeprefix("451 4.3.0 Local trouble ").removesuffix(", try again later")
    assert len(found) == 8
    assert bytes.fromhex(found)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert vars(record)["fields"] == {"id": found}


def test_busy_store_is_said() -> None:
    assert trouble(StoreBusy("another program")) == BUSY  # hazard A22


async def _hand_over(sink: FakeSink, busy_seconds: float, memory: Memory) -> str:
    loan = Loan(memory)
    loan.cover(len(PARCEL.raw))
    async with asyncio.TaskGroup() as tasks:
        reply = await Delivery(sink, tasks, busy_seconds=busy_seconds, now=lambda: NOW).hand_over(PARCEL, loan)
        sink.go_on.set()
    return reply


async def test_failed_store_gives_its_memory_back() -> None:
    memory = Memory(1)
    assert (await _hand_over(FakeSink(error=RuntimeError("x")), PATIENCE, memory)).startswith("451 4.3.0")
    assert memory.used == 0


async def test_slow_store_is_451_and_goes_on() -> None:
    sink, memory = FakeSink(), Memory(1)
    sink.go_on.clear()
    assert await _hand_over(sink, 0.01, memory) == BUSY  # hazard A22
    assert len(sink.messages) == 1
    assert memory.used == 0
