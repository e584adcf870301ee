"""Bounce readers on the same labelled mails: `./run python -m benchmarks.readers [FOLDER] [--without PEER] [--write]`.

FOLDER holds `mail.jsonl` (an object a line: `file`, `kind`, `recipients`, `recipients_alt`) and the mails in `mail/`.
`--write` puts the tables into docs/explanation/accuracy.md. The peers are the user's to install, and skipped where they
are missing:

    python3 -m venv ~/.cache/optoutd-peers && ~/.cache/optoutd-peers/bin/pip install flufl.bounce
    sudo apt install libmail-deliverystatus-bounceparser-perl libsisimai-perl

`--without mdbp` leaves out the slowest of them, which takes most of the time.
Each reader runs in a process of its own, started once. Every BLOCK mails go to all of them before the next block does,
in an order that turns, so that whatever else the machine does slows them alike, and each reads on as it does at work;
the least of ROUNDS counts for a mail.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from benchmarks.measure import memory, table

ROUNDS, BLOCK = 3, 50
HERE = Path(__file__).resolve().parent
BESIDE = HERE.parents[1] / "shared" / "corpus"
PAGE = HERE.parent / "docs" / "explanation" / "accuracy.md"
BEGIN, END = "<!-- made by benchmarks.readers -->", "<!-- to here -->"
PEER_PYTHON = Path.home() / ".cache" / "optoutd-peers" / "bin" / "python"
BOUNCES = ("bounce", "delay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A mail and what is known about it. `people`: the equivalent addresses of each recipient, None when unknown."""

    path: Path
    kind: str
    people: tuple[frozenset[str], ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a reader made of one mail."""

    kind: str
    people: frozenset[str]


@dataclass(slots=True)
class Reader:
    """A reader in its process, and what it said so far."""

    process: subprocess.Popen[str]
    name: str
    said: list[Said] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    peak: float = 0.0

    def ask(self, paths: Iterable[Path]) -> list[dict[str, object]]:
        """What it makes of these mails, handed over at once: waking up for each of them is not reading."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = [f"{path}\n" for path in paths]
        self.process.stdin.writelines(asked)
        self.process.stdin.flush()
        return [json.loads(self.process.stdout.readline()) for _ in asked]


def load(folder: Path) -> list[Labelled]:
    """The labelled mails of a folder."""
    rows = [json.loads(line) for line in (folder / "mail.jsonl").read_text("utf-8").splitlines()]
    return [
        Labelled(
            path=folder / "mail" / row["file"],
            kind=row["kind"],
            people=_people(row.get("recipients_alt"), row.get("recipients")),
        )
        for row in rows
    ]


def _people(alternatives: list[list[str]] | None, recipients: list[str] | None) -> tuple[frozenset[str], ...] | None:
    groups = alternatives or [[one] for one in recipients or ()]
    return tuple(frozenset(one.lower() for one in group) for group in groups) or None


def start(stack: ExitStack, command: Sequence[str]) -> Reader | None:
    """The reader behind a command, or None when it cannot be had; then it says so."""
    errors = stack.enter_context(TemporaryFile("w+"))  # noqa: SIM115 - the stack closes it
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=HERE.parent
        )
    except OSError as error:
        print(f"skipped: {command[-1]}: {error}")
        return None
    stack.callback(process.wait)
    stack.callback(process.kill)
    assert process.stdout is not None
    greeting = process.stdout.readline()
    if not greeting:
        process.wait()
        errors.seek(0)
        print(f"skipped: {command[-1]}: {(errors.read().strip() or 'no word').splitlines()[-1]}")
        return None
    known = json.loads(greeting)
    return Reader(process=process, name=f"{known['name']} {known['version']}")


def commands() -> tuple[tuple[str, ...], ...]:
    """How each reader is started, ours first."""
    peers = HERE / "peers"
    return (
        (sys.executable, "-m", "benchmarks.peers.optoutd"),
        (str(PEER_PYTHON), str(peers / "flufl_bounce.py")),
        ("perl", str(peers / "mdbp.pl")),
        ("perl", str(peers / "sisimai.pl")),
    )


def run(readers: list[Reader], mails: list[Labelled]) -> None:
    """Every mail to every reader, block by block."""
    for number, first in enumerate(range(0, len(mails), BLOCK)):
        block = mails[first : first + BLOCK]
        for turn in range(ROUNDS):
            start = (number + turn) % len(readers)
            for reader in (*readers[start:], *readers[:start]):
                _read_block(reader, block, first=turn == 0)
    for reader in readers:
        reader.peak = memory(reader.process.pid, "VmHWM")


def _read_block(reader: Reader, block: Sequence[Labelled], *, first: bool) -> None:
    answers = reader.ask(mail.path for mail in block)
    spent = [float(str(answer["cpu"])) for answer in answers]
    if first:
        reader.said += map(_said, answers)
        reader.seconds += spent
    else:
        reader.seconds[-len(block) :] = map(min, reader.seconds[-len(block) :], spent)


def _said(answer: dict[str, object]) -> Said:
    people = answer["recipients"]
    assert isinstance(people, list)
    return Said(kind=str(answer["kind"]), people=frozenset(str(one).lower().strip("<>") for one in people))


Judge = Callable[[Labelled, Said], bool]


def share(mails: list[Labelled], said: list[Said], among: Callable[[Labelled], bool], right: Judge) -> str:
    """In how many of the mails it is about the reader was right."""
    judged = [right(mail, one) for mail, one in zip(mails, said, strict=True) if among(mail)]
    return f"{100 * sum(judged) / len(judged):.1f} %" if judged else "-"


def count(mails: list[Labelled], said: list[Said], among: Callable[[Labelled], bool], wrong: Judge) -> str:
    """How often that happened, of how many."""
    judged = [wrong(mail, one) for mail, one in zip(mails, said, strict=True) if among(mail)]
    return f"{sum(judged)} of {len(judged)}"


def found(_: Labelled, said: Said) -> bool:
    return said.kind in BOUNCES and bool(said.people)


def exact(mail: Labelled, said: Said) -> bool:
    groups = mail.people or ()
    named = said.people if said.kind in BOUNCES else frozenset[str]()
    return all(group & named for group in groups) and named <= frozenset[str]().union(*groups)


def accuracy(mails: list[Labelled], reader: Reader) -> list[str]:
    """A row of the first table."""
    said = reader.said
    return [
        reader.name,
        share(mails, said, lambda mail: mail.kind == "bounce", found),
        share(mails, said, lambda mail: mail.kind == "bounce" and mail.people is not None, exact),
        count(mails, said, lambda mail: mail.kind not in BOUNCES, lambda _, one: one.kind == "bounce"),
        count(mails, said, lambda mail: mail.kind == "delay", lambda _, one: one.kind == "bounce"),
        share(mails, said, lambda mail: mail.kind == "complaint", lambda _, one: one.kind == "complaint"),
        share(mails, said, lambda mail: mail.kind == "autoreply", lambda _, one: one.kind == "autoreply"),
    ]


def speed(reader: Reader, reports: Iterable[bool]) -> list[str]:
    """A row of the second table."""
    ordered = sorted(reader.seconds)
    late = ordered[math.ceil(len(ordered) * 0.99) - 1]
    times = [f"{1000 * one:.2f}" for one in (statistics.median(ordered), late, ordered[-1])]
    bounces = [spent for spent, is_report in zip(reader.seconds, reports, strict=True) if is_report]
    rates = [f"{len(some) / sum(some):,.0f}" if sum(some) else "-" for some in (bounces, ordered)]
    return [reader.name, *times, *rates, f"{reader.peak:.0f}"]


ACCURACY = ("", "found", "exactly", "taken for a bounce", "delay for a bounce", "feedback reports", "auto-replies")
SPEED = ("", "p50 ms", "p99 ms", "longest ms", "reports a second", "mails a second", "peak MB")


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of a document."""
    lines = (head, ["---", *["---:"] * (len(head) - 1)], *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(text: str) -> None:
    """The tables into the page, between its marks."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")


def main() -> None:
    """Measure, print, and write down when told to."""
    parser = argparse.ArgumentParser(description="Bounce readers on the same labelled mails.")
    parser.add_argument("folder", nargs="?", type=Path, default=BESIDE)
    parser.add_argument(
        "--without", action="append", default=[], metavar="NAME", help="leave a peer out, for example mdbp"
    )
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    options = parser.parse_args()
    if not (options.folder / "mail.jsonl").is_file():
        raise SystemExit(f"{options.folder}: no mail.jsonl there; name a folder of labelled mails")
    mails = load(options.folder)
    with ExitStack() as stack:
        wanted = [command for command in commands() if Path(command[-1]).stem not in options.without]
        readers = [reader for command in wanted if (reader := start(stack, command))]
        run(readers, mails)
        right = [accuracy(mails, reader) for reader in readers]
        reports = [mail.kind in BOUNCES for mail in mails]
        fast = [speed(reader, reports) for reader in readers]
    bounces = sum(mail.kind == "bounce" for mail in mails)
    words = f"{len(mails):,} mails, {bounces:,} of them bounces; the least CPU time of {ROUNDS} readings of each."
    print(words)
    table(ACCURACY, right)
    table(SPEED, fast)
    if options.write:
        write(f"{words}\n\n{markdown(ACCURACY, right)}\n{markdown(SPEED, fast)}")


if __name__ == "__main__":
    main()
