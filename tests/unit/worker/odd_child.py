"""A reader process that obeys its mail: the real child around a reading that burns, hangs, crashes or prints."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from agent.model.mail import RawMessage
from agent.model.reading import Reading
from agent.worker import __main__ as child


def _burn(_: str) -> str:
    while True:
        pass


def _hang(_: str) -> str:
    while True:
        signal.pause()


def _bomb(_: str) -> str:
    return str(len(bytearray(2_000_000_000)))


def _bug(text: str) -> str:
    raise RuntimeError(f"a bug that quotes {text}")


def _stray(_: str) -> str:
    print("a stray print")
    os.write(1, b"\xff\xff\xff\xff straight to descriptor 1")
    return "printed"


def _garbage(_: str) -> str:
    for number in range(3, 20):  # the real pipe is one of these
        try:
            os.write(number, b"\xff\xff\xff\xff")
        except OSError:
            continue
    return "too late"


def _meet(path: str) -> str:
    """Tell the test our process id through a named pipe, then wait to be killed."""
    Path(path).write_text(str(os.getpid()))
    return _hang("")


ACTS: dict[str, Callable[[str], str]] = {
    "burn": _burn, "hang": _hang, "bomb": _bomb, "bug": _bug, "stray": _stray, "garbage": _garbage, "meet": _meet,
    "pid": lambda _: str(os.getpid()), "environ": lambda _: ",".join(sorted(os.environ)), "say": lambda text: text,
    "huge": lambda _: "x" * 5_000_000,
}  # fmt: skip


def _read(message: RawMessage, _kit: object, _keys: object) -> Reading:
    verb, _, rest = message.raw.decode().partition(" ")
    return Reading(kind="other", signals=(), message_id=ACTS[verb](rest))


def _stub(name: str, **content: object) -> None:
    module = ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module


_stub("agent.worker.kit", load_kit=lambda *_: None)
_stub("agent.worker.read", read=_read)
child.main()
