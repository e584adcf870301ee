"""The reader process: settings in, then one mail in, one reading out, until standard input closes.

It lives under limits that kill: memory for its whole life, CPU time for each mail. Whatever goes wrong ends it, after
one last frame that says why; the daemon starts a fresh one, and only the mail being read is blamed.
"""

import gc
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from agent.model.settings import Limits
from agent.worker import frames


def main() -> None:
    """Serve until standard input closes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold mail and keys
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # when memory runs out, the reader goes, not the daemon
    questions, answers = _take_pipes()
    _say_why_when_ending(answers, quoting=True)
    first = frames.read_frame(questions, frames.MAX_QUESTION)
    if first is not None:
        hello = frames.decode_hello(first)
        _limit_memory(hello.settings.limits)
        _serve(hello, questions, answers)


def _serve(hello: frames.Hello, questions: BinaryIO, answers: BinaryIO) -> None:
    # Imported under the memory limit, and late: what is wrong with a rule file then reaches the daemon in a frame.
    from agent.trust.tokens import parse_ring
    from agent.worker.kit import load_kit
    from agent.worker.read import read

    ring = parse_ring(hello.key_file_text) if hello.key_file_text else None
    gc.disable()  # what the rules are made of stays: to look through it for garbage is in vain
    kit = load_kit(hello.settings, ring, hello.own_keys)
    gc.freeze()
    gc.enable()
    _say_why_when_ending(answers, quoting=False)
    _send(answers, frames.encode_word(frames.Ready()))
    seconds = hello.settings.limits.reader_cpu_seconds
    while (body := frames.read_frame(questions, frames.MAX_QUESTION)) is not None:
        # The default action of SIGPROF ends the process even inside C code, where no Python handler would run.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        question = frames.decode_question(body)
        answer = frames.encode_reading(read(question.message, kit, question.keys))
        signal.setitimer(signal.ITIMER_PROF, 0)
        _send(answers, answer)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes under new numbers; standard output then is standard error, so that a stray print harms nothing."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return questions, answers


def _limit_memory(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.reader_memory_bytes, limits.reader_memory_bytes))


def _send(answers: BinaryIO, body: bytes) -> None:
    answers.write(frames.framed(body, frames.MAX_ANSWER))
    answers.flush()


def _say_why_when_ending(answers: BinaryIO, *, quoting: bool) -> None:
    """On an uncaught exception send its type and place; its text only before the first mail, which it may quote."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        text = f": {error}" if quoting else ""
        _send(answers, frames.encode_word(frames.Failed(why=f"{kind.__name__} at {_place(trace)}{text}")))

    sys.excepthook = hook


def _place(trace: TracebackType | None) -> str:
    place = "an unknown place"
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{Path(code.co_filename).name}:{trace.tb_lineno} ({code.co_name})"
        trace = trace.tb_next
    return place


if __name__ == "__main__":
    main()
