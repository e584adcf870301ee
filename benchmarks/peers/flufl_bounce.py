"""flufl.bounce in a process of its own: a path a line in, a JSON object a line out. Only the reading is timed."""

import json
import sys
from email import message_from_bytes
from importlib.metadata import version
from pathlib import Path
from time import process_time

from flufl.bounce import all_failures


def main() -> None:
    """Answer for every path."""
    print(json.dumps({"name": "flufl.bounce", "version": version("flufl.bounce")}), flush=True)
    for line in sys.stdin:
        raw = Path(line.rstrip("\n")).read_bytes()
        begun = process_time()
        try:
            temporary, permanent = all_failures(message_from_bytes(raw))
        except Exception:  # noqa: BLE001 - whatever a peer dies of, it has not found anything
            temporary, permanent = set(), set()
        spent = process_time() - begun
        people = [address.decode("utf-8", "replace") for address in permanent or temporary]
        kind = "bounce" if permanent else "delay" if temporary else "other"
        print(json.dumps({"cpu": spent, "kind": kind, "recipients": people}), flush=True)


if __name__ == "__main__":
    main()
