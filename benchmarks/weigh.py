"""What each package costs in memory when it is imported: `python -m benchmarks.weigh MODULE,MODULE`.

Imports nothing beyond the standard library itself, so that what it is asked about is not there already.
"""

import builtins
import resource
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from types import ModuleType

SHOWN = 16
PAGE = resource.getpagesize()


def weigh(modules: str) -> None:
    """Import the modules; charge each package with what memory grew by during its imports, less what those import."""
    charged: Counter[str] = Counter()
    inner = [0]  # what the imports of each import in progress have cost
    original = builtins.__import__

    def weighing(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names __import__ has
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        before = _resident()
        inner.append(0)
        try:
            return original(name, globals, locals, fromlist or (), level)
        finally:
            grown = _resident() - before
            whole = str((globals or {}).get("__package__") or name) if level else name
            charged[whole.partition(".")[0]] += grown - inner.pop()
            inner[-1] += grown

    bare = _resident()
    builtins.__import__ = weighing
    for module in modules.split(","):
        __import__(module)
    builtins.__import__ = original
    for package, octets in charged.most_common(SHOWN):
        print(f"{package:24}{octets / 2**20:6.1f}")
    print(f"{'the bare interpreter':24}{bare / 2**20:6.1f}\n{'the whole process':24}{_resident() / 2**20:6.1f}")


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - pathlib would be charged to nobody
        return int(file.read().split()[1]) * PAGE


if __name__ == "__main__":
    weigh(sys.argv[1])
