"""The outbox is worked off: once each, in time, within the rates, and whatever happens on the way is stored."""

import asyncio
import io
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from agent.effects.relay import HandOver
from agent.effects.retry import next_try
from agent.effects.runner import BUGS, Executors, Queue, run, run_due
from agent.model.plan import Done, GaveUp, Halt, LetterKind, Outcome, RetryAt, SendLetter, Unknown
from agent.model.settings import Identity, LetterSettings, RelaySettings
from agent.store import outbox
from agent.store.db import Db
from agent.store.errors import StoreBusy
from agent.store.writer import Writer
from tests.unit.effects.conftest import Clock, Outbox, letter

T = TypeVar("T")
Executor = Callable[[SendLetter, int, HandOver], Awaitable[Outcome]]
RATES = LetterSettings()
IDENTITY = Identity(company="Ours", postal_address="1 Road", contact="us@ours.example", domains=("ours.example",))
RELAY = RelaySettings(host="relay.example")


class Sink:
    """An executor that plays its part of the protocol and answers as it is told."""

    def __init__(self, *answers: Outcome | Exception, mark: bool = True) -> None:
        self.sent: list[SendLetter] = []
        self.attempts: list[int] = []
        self._answers = list(answers)
        self._mark = mark
        self._busy = False

    async def __call__(self, wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
        assert not self._busy, "two letters at once"
        self._busy = True
        try:
            if self._mark:
                await hand_over(b"the letter")
        finally:
            self._busy = False
        self.sent.append(wanted)
        self.attempts.append(attempts)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0] if self._answers else Done()
        if isinstance(answer, Exception):
            raise answer
        return answer


def queue(box: Outbox, sink: Executor, writer: Writer | None = None) -> Queue:
    return Queue(
        writer=writer or box.writer,
        executors=Executors(send_letter=sink),
        letters=RATES,
        clock=box.clock,
        chance=lambda: 0.0,
    )


async def test_a_letter_is_sent_once(box: Outbox) -> None:
    sink = Sink(Done(detail="250 ok"))
    await box.add(letter(), letter())  # the same dedupe key
    work = queue(box, sink)
    assert await run_due(work) is None
    assert await run_due(work) is None
    assert [sent.to.raw for sent in sink.sent] == ["Anna@example.com"]
    (row,) = await box.rows()
    assert (row.status, row.attempts, row.detail) == ("done", 1, "250 ok")


@pytest.mark.parametrize(
    ("result", "status"), [(GaveUp(why="550 no"), "gave_up"), (Unknown(why="silent"), "unknown"), (Done(), "done")]
)
async def test_an_end_is_an_end(box: Outbox, clock: Clock, result: Outcome, status: str) -> None:  # hazard G2
    sink = Sink(result)
    await box.add(letter())
    for _ in range(3):
        await run_due(queue(box, sink))
        clock.pass_by(hours=5)
    assert await box.statuses() == [status]
    assert len(sink.sent) == 1


async def test_a_start_letter_in_doubt_is_sent_once_more(box: Outbox, clock: Clock) -> None:  # hazard G2
    sink = Sink(Unknown(why="silent"))
    await box.add(letter(kind=LetterKind.START_CONFIRM))
    for _ in range(5):
        await run_due(queue(box, sink))
        clock.pass_by(hours=1)
    assert await box.statuses() == ["unknown"]
    assert len(sink.sent) == 2


async def test_a_delayed_letter_waits_for_its_time(box: Outbox, clock: Clock) -> None:
    sink = Sink(RetryAt(when=clock() + timedelta(minutes=5), why="451 later"), Done())
    await box.add(letter())
    await run_due(queue(box, sink))
    clock.pass_by(minutes=4)
    await run_due(queue(box, sink))
    assert sink.attempts == [1]
    clock.pass_by(minutes=1)
    await run_due(queue(box, sink))
    assert sink.attempts == [1, 2]
    assert await box.statuses() == ["done"]


class DownFor(Sink):
    """A relay that is down until a moment."""

    def __init__(self, clock: Clock, **much: float) -> None:
        super().__init__(mark=False)
        self._clock, self._until = clock, clock() + timedelta(**much)
        self.tries = 0

    async def __call__(self, wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
        self.tries += 1
        if self._clock() < self._until:
            return RetryAt(when=next_try(self._clock(), attempts, 1.0), why="connection refused")
        return await super().__call__(wanted, attempts, hand_over)


async def _live(box: Outbox, sink: Sink, *, hours: int) -> None:
    work = queue(box, sink)
    for _ in range(hours):
        await run_due(work)
        box.clock.pass_by(hours=1)


async def test_relay_down_for_three_days(box: Outbox, clock: Clock) -> None:  # hazard G3
    sink = DownFor(clock, days=3)
    await box.add(letter(kind=LetterKind.ERASE_RECEIPT), letter(kind=LetterKind.OPT_OUT))
    await _live(box, sink, hours=80)
    receipt, courtesy = await box.rows()
    assert receipt.status == "done"
    assert [sent.kind for sent in sink.sent] == [LetterKind.ERASE_RECEIPT]
    assert courtesy.status == "gave_up"
    assert courtesy.detail == "no time left after: connection refused"
    assert sink.tries < 50  # the waits have grown


async def test_relay_down_for_ever(box: Outbox, clock: Clock) -> None:  # hazard G3
    sink = DownFor(clock, days=1000)
    await box.add(letter(kind=LetterKind.ACCESS_RECEIPT))
    await _live(box, sink, hours=5 * 24)
    assert await box.statuses() == ["gave_up"]


async def test_stale_courtesy_is_dropped_unseen(box: Outbox, clock: Clock) -> None:  # hazard G6
    sink = Sink()
    await box.add(letter(kind=LetterKind.START_CONFIRM), letter(kind=LetterKind.OPT_OUT))
    await box.add(letter(kind=LetterKind.ERASE_RECEIPT))
    clock.pass_by(hours=24)
    await run_due(queue(box, sink))
    assert [row.detail for row in await box.rows()] == ["too old to be of use", "too old to be of use", ""]
    assert [sent.kind for sent in sink.sent] == [LetterKind.ERASE_RECEIPT]


async def test_a_flood_leaves_at_the_hourly_rate(box: Outbox, clock: Clock) -> None:  # hazard D10, hazard G6
    sink = Sink()
    await box.add(
        *(letter(f"p{n}@d{n % 40}.example") for n in range(3000)), *(letter(f"p{n}@big.example") for n in range(7000))
    )
    work = queue(box, sink)
    for hour in range(1, 4):
        for _ in range(4):
            await run_due(work)
        assert len(sink.sent) == 60 * hour
        clock.pass_by(hours=1)


async def test_one_domain_gets_its_share_and_the_others_go_on(box: Outbox, clock: Clock) -> None:  # hazard D10
    sink = Sink()
    await box.add(*(letter(f"p{n}@big.example") for n in range(30)), letter("late@small.example"))
    await run_due(queue(box, sink))
    assert Counter(sent.to.domain for sent in sink.sent) == {"big.example": 20, "small.example": 1}
    clock.pass_by(hours=1, seconds=1)
    await run_due(queue(box, sink))
    assert len(sink.sent) == 31


async def test_a_refused_login_stops_everything_for_a_while(box: Outbox, clock: Clock) -> None:  # hazard G4
    halt = Halt(when=clock() + timedelta(hours=1), why="535 bad credentials")
    sink = Sink(halt, mark=False)
    await box.add(letter("a@example.com"), letter("b@example.com"))
    assert await run_due(queue(box, sink)) == halt.when
    assert len(sink.sent) == 1
    assert await box.statuses() == ["waiting", "waiting"]


async def test_a_bug_costs_one_letter_after_three_tries(box: Outbox, clock: Clock) -> None:
    class Buggy(Sink):
        async def __call__(self, wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
            if wanted.to.local == "bad":
                self.attempts.append(attempts)
                raise KeyError(wanted.to.raw)
            return await super().__call__(wanted, 0, hand_over)

    sink = Buggy()
    await box.add(letter("bad@example.com"), letter("good@example.com"))
    work = queue(box, sink)
    await run_due(work)
    assert await box.statuses() == ["waiting", "done"]
    for _ in range(5):
        clock.pass_by(hours=1)
        await run_due(work)
    assert [attempts for attempts in sink.attempts if attempts] == list(range(1, BUGS + 1))
    bad, _ = await box.rows()
    assert (bad.status, bad.detail) == ("gave_up", "a bug of this program: KeyError")
    assert not work.bugs


async def test_a_bug_after_the_hand_over_leaves_it_in_doubt(box: Outbox) -> None:  # hazard G1
    await box.add(letter())
    await run_due(queue(box, Sink(ValueError("late"))))
    assert await box.statuses() == ["unknown"]


class Killed(BaseException):
    """The process ends here."""


class Mortal:
    """A writer that lives for so many commits."""

    def __init__(self, writer: Writer, commits: int) -> None:
        self._writer, self._left = writer, commits

    async def run(self, job: Callable[[Db], T]) -> T:
        if self._left == 0:
            raise Killed
        self._left -= 1
        return await self._writer.run(job)


async def dies_before_the_content(wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
    await hand_over(b"the letter")
    raise Killed


@pytest.mark.parametrize(
    ("commits", "in_between", "opt_out", "start_confirm"),
    [
        pytest.param(0, False, ("done", 1), ("done", 1), id="before the claim"),
        pytest.param(1, False, ("done", 1), ("done", 1), id="before the hand-over"),
        pytest.param(2, True, ("unknown", 0), ("done", 1), id="before the content"),
        pytest.param(2, False, ("unknown", 1), ("done", 2), id="before the outcome is stored"),
    ],
)
@pytest.mark.parametrize("kind", [LetterKind.OPT_OUT, LetterKind.START_CONFIRM])
async def test_killed_at_any_point(
    box: Outbox,
    clock: Clock,
    kind: LetterKind,
    commits: int,
    in_between: bool,
    opt_out: tuple[str, int],
    start_confirm: tuple[str, int],
) -> None:  # hazard G1
    sink = Sink()
    mortal: Writer = Mortal(box.writer, commits)  # type: ignore[assignment] # stands in for the real one
    await box.add(letter(kind=kind))
    with pytest.raises(Killed):
        await run_due(queue(box, dies_before_the_content if in_between else sink, writer=mortal))
    await box.writer.run(outbox.recover)
    for _ in range(3):
        await run_due(queue(box, sink))
        clock.pass_by(hours=1)
    (status,) = await box.statuses()
    assert (status, len(sink.sent)) == (opt_out if kind is LetterKind.OPT_OUT else start_confirm)


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_what_became_of_letters_is_logged_masked(
    box: Outbox, clock: Clock, log: io.StringIO
) -> None:  # hazard J3, hazard G4
    answers = (
        Done(detail="250 queued for anna@example.com"),
        RetryAt(when=clock() + timedelta(minutes=5), why="450 <anna@example.com> greylisted"),
        GaveUp(why="550 <anna@example.com> unknown"),
        Unknown(why="silence"),
        ValueError("anna@example.com"),
        Halt(when=clock() + timedelta(hours=1), why="535 no"),
    )
    await box.add(*(letter("anna@example.com", name=str(n)) for n in range(len(answers))))
    await run_due(queue(box, Sink(*answers)))
    told = lines(log)
    assert [(line["event"], line["level"]) for line in told] == [
        ("letter_sent", "info"),
        ("letter_delayed", "info"),
        ("letter_given_up", "warning"),
        ("letter_in_doubt", "warning"),
        ("effect_failed", "error"),
        ("letter_in_doubt", "warning"),
        ("letters_halted", "error"),
    ]
    assert "anna" not in log.getvalue()
    assert told[0]["to"] == "a***@example.com"


async def test_run_wakes_for_new_letters(box: Outbox) -> None:
    arrived, wake = asyncio.Event(), asyncio.Event()

    class Telling(Sink):
        async def __call__(self, wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
            result = await super().__call__(wanted, attempts, hand_over)
            arrived.set()
            return result

    sink = Telling()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(queue(box, sink), RELAY, wake))
        for n in range(3):
            arrived.clear()
            await box.add(letter(f"p{n}@example.com"))
            wake.set()
            await arrived.wait()
        task.cancel()
    assert len(sink.sent) == 3


async def test_run_takes_up_what_was_left_behind(box: Outbox) -> None:  # hazard G1
    arrived = asyncio.Event()

    async def sends(wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
        arrived.set()
        return Done()

    await box.add(letter("lost@example.com"), letter("left@example.com"))
    for executor, commits in ((dies_before_the_content, 2), (sends, 1)):
        mortal: Writer = Mortal(box.writer, commits)  # type: ignore[assignment] # stands in for the real one
        with pytest.raises(Killed):
            await run_due(queue(box, executor, writer=mortal))
    assert await box.statuses() == ["handed_over", "claimed"]
    arrived.clear()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(queue(box, sends), RELAY, asyncio.Event()))
        await arrived.wait()
        task.cancel()
    assert (await box.statuses())[0] == "unknown"


async def test_run_stands_still_while_halted(box: Outbox, clock: Clock) -> None:  # hazard G4
    tried, wake = asyncio.Event(), asyncio.Event()

    class Telling(Sink):
        async def __call__(self, wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
            result = await super().__call__(wanted, attempts, hand_over)
            tried.set()
            return result

    sink = Telling(Halt(when=clock() + timedelta(hours=1), why="535 no"), Done(), mark=False)
    await box.add(letter("a@example.com"))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(queue(box, sink), RELAY, wake))
        await tried.wait()
        await box.add(letter("b@example.com"))
        for _ in range(3):
            wake.set()
            await box.rows()  # a commit later the runner would have claimed, were it awake
        assert len(sink.sent) == 1
        tried.clear()
        clock.pass_by(hours=1)
        wake.set()
        await tried.wait()
        task.cancel()


async def test_run_outlives_a_busy_store(box: Outbox, log: io.StringIO) -> None:
    arrived, wake = asyncio.Event(), asyncio.Event()

    class BusyAtFirst:
        failures = 2

        async def run(self, job: Callable[[Db], T]) -> T:
            if self.failures:
                self.failures -= 1
                asyncio.get_running_loop().call_soon(wake.set)  # heard once the runner rests
                raise StoreBusy("another program is writing")
            return await box.writer.run(job)

    async def sends(wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
        arrived.set()
        return Done()

    await box.add(letter())
    busy: Writer = BusyAtFirst()  # type: ignore[assignment] # stands in for the real one
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(queue(box, sends, writer=busy), RELAY, wake))
        await arrived.wait()
        task.cancel()
    assert [line["event"] for line in lines(log) if line["level"] == "error"] == ["outbox_unavailable"] * 2


async def test_without_a_relay_letters_wait(box: Outbox, log: io.StringIO) -> None:
    sink, wake = Sink(), asyncio.Event()
    await box.add(letter())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run(queue(box, sink), RelaySettings(), wake))
        wake.set()
        await box.rows()
        task.cancel()
    assert await box.statuses() == ["waiting"]
    assert sink.sent == []
    assert [line["event"] for line in lines(log)] == ["letters_wait"]
