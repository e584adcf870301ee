"""Replays the conversations of tests/dialogs against the SMTP door."""

from pathlib import Path

import pytest

from agent.model.mail import Purpose
from agent.store.errors import StoreFull
from tests.unit.intake.smtp_door import ENOUGH, SETTINGS, Door, FakeSink, Peer, door, token

FOLDER = Path(__file__).parent / "dialogs"
DIALOGS = sorted(FOLDER.glob("*.txt"))
FAULTS: dict[str, Exception] = {"broken": RuntimeError("a secret\r\n250 injected"), "full": StoreFull("disk")}
ADDRESSES = {purpose.value: token(purpose) for purpose in Purpose} | {"B": token(Purpose.BOUNCE).upper()}

Line = tuple[int, str, str]


def lines_of(path: Path) -> list[Line]:
    """Number, kind and text of each line that is no comment."""
    found: list[Line] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line and not line.startswith("#"):
            kind, _, text = line.partition(":")
            text = text.removeprefix(" ")
            for name, address in ADDRESSES.items():
                text = text.replace(f"{{{name}}}", address)
            found.append((number, kind, text))
    return found


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
async def test_dialog(path: Path) -> None:
    lines = lines_of(path)
    set_up = {kind: text for _, kind, text in lines if kind in ("FREE", "SINK")}
    free = int(set_up.get("FREE", ENOUGH))
    sink = FakeSink(error=FAULTS[set_up["SINK"]] if "SINK" in set_up else None)
    async with door(SETTINGS, sink, free_bytes=lambda: free) as opened, opened.silent_peer() as peer:
        for number, kind, text in lines:
            if kind not in set_up:
                await step(opened, peer, kind, text, f"{path.name}:{number}")


async def step(opened: Door, peer: Peer, kind: str, text: str, at: str) -> None:
    """Do, or check, one line."""
    match kind:
        case "C":
            await peer.send(text.encode() + b"\r\n")
        case "R":
            await peer.send(text.encode("ascii").decode("unicode_escape").encode("latin-1"))
        case "S":
            found = await (peer.line() if text[3:4] == "-" else peer.reply())
            assert found.startswith(text[:-3]) if text.endswith("...") else found == text, at
        case "END":
            assert await peer.rest() == b"", at
        case "STORED":
            assert len(opened.sink.messages) == int(text), at
        case _:
            pytest.fail(f"{at}: what is {kind}?")


def test_there_are_dialogs() -> None:
    assert len(DIALOGS) > 15
