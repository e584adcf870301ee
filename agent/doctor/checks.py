"""The list of checks, and how they are run: the quick ones in turn, those that wait for the network all at once.

Law: none of them hangs. Each wait has its own time-out, and all together end after DEADLINE_SECONDS.
"""

import asyncio
from collections.abc import Callable

from agent.doctor import books, doors, machine, mailbox, names, places, post
from agent.doctor.finding import Findings, Later, broken
from agent.doctor.patient import Patient

DEADLINE_SECONDS = 45.0

Check = Callable[[Patient], Findings | Later]

# What needs no configuration.
OF_THE_MACHINE: tuple[Callable[[], Findings], ...] = (
    machine.interpreter,
    machine.sqlite,
    machine.certificates,
)  # fmt: skip

# In the order in which they are shown: what others depend on comes first.
OF_THE_INSTALLATION: tuple[tuple[str, Check], ...] = (
    ("configuration", places.configuration),
    ("disk", places.disk),
    ("store", places.store_files),
    ("store", books.store),
    ("record", books.record),
    ("list", places.public_files),
    ("list", books.public_list),
    ("keys", books.token_keys),
    ("daemon", books.daemon),
    ("reader", machine.reader),
    ("dns", names.resolver),
    ("mailboxes", mailbox.mailboxes),
    ("relay", post.relay),
    ("listeners", doors.listeners),
    ("domains", names.domains),
    ("outside", doors.outside),
    ("postfix", places.postfix),
    ("erased", books.erased_people),
    ("own people", books.own_people),
    ("waiting", books.waiting),
)


def without_settings(tell: Callable[[Findings], object]) -> None:
    """What can be said of a machine before anything is configured."""
    for check in OF_THE_MACHINE:
        tell(check())


async def examine(patient: Patient, tell: Callable[[Findings], object]) -> None:
    """Run every check and `tell` what each says, in the order of the list."""
    without_settings(tell)
    async with asyncio.TaskGroup() as group:
        results: list[tuple[str, Findings | asyncio.Task[Findings]]] = []
        for about, check in OF_THE_INSTALLATION:
            result = _allowed(about, check, patient)
            results.append((about, result if isinstance(result, tuple) else group.create_task(_bounded(about, result))))
        for _, waited in results:
            tell(waited if isinstance(waited, tuple) else await waited)


def _allowed(about: str, check: Check, patient: Patient) -> Findings | Later:
    try:
        return check(patient)
    except PermissionError as error:
        return _forbidden(about, error)


def _forbidden(about: str, error: PermissionError) -> Findings:
    mend = "run the doctor as root, or as the user whose files these are: sudo optoutd doctor"
    return (broken(about, f"this user may not look at {error.filename}", mend),)


async def _bounded(about: str, later: Later) -> Findings:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await later
    except PermissionError as error:
        return _forbidden(about, error)
    except TimeoutError:
        return (broken(about, f"no answer within {DEADLINE_SECONDS:.0f} s", "try again in a minute"),)
