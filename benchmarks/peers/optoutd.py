"""optoutd's reader in a process of its own: a path a line in, a JSON object a line out. Only the reading is timed."""

import gc
import json
import sys
from importlib.metadata import version
from pathlib import Path
from time import process_time

from agent.cli.classify import message_of, signal_row
from agent.intake.files import MailFile
from agent.worker.kit import load_kit
from agent.worker.read import read

BOUNCES = ("bounce", "delay")


def main() -> None:
    """Answer for every path."""
    gc.disable()  # as the daemon's reader does
    kit = load_kit()
    gc.freeze()
    gc.enable()
    print(json.dumps({"name": "optoutd", "version": version("optoutd")}), flush=True)
    for line in sys.stdin:
        message = message_of(MailFile(name="", raw=Path(line.rstrip("\n")).read_bytes()))
        begun = process_time()
        reading = read(message, kit)
        spent = process_time() - begun
        rows = [signal_row(signal) for signal in reading.signals]
        people = [row["address"] for row in rows if row["type"] in BOUNCES and row["address"]]
        print(json.dumps({"cpu": spent, "kind": reading.kind, "recipients": people}), flush=True)


if __name__ == "__main__":
    main()
