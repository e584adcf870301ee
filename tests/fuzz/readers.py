"""Coverage-guided search for a mail the readers cannot bear: `./run python -m tests.fuzz.readers [SECONDS]`.

Needs atheris, which nothing else does: `./run python -m pip install atheris`. What it finds (`crash-*`, `timeout-*`,
`oom-*`) lies in the temporary folder it names; mended, it belongs into tests/corpus/malformed.
"""

import sys
import tempfile
from pathlib import Path

from tests.fuzz.mails import PIECES, kit, read_one, samples

SECONDS = 60
CPU_SECONDS = 2  # what one mail may cost
MEGABYTES = 500


def main() -> None:
    """Fuzz for so many seconds, beginning with the samples."""
    try:
        import atheris
    except ImportError:
        raise SystemExit("atheris is missing. Install it with: ./run python -m pip install atheris") from None
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    folder = Path(tempfile.mkdtemp(prefix="optoutd-fuzz-"))
    seeds = folder / "seeds"
    seeds.mkdir()
    for number, raw in enumerate(samples()):
        (seeds / f"sample-{number}").write_bytes(raw)
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(piece)}"\n' for piece in PIECES), encoding="ascii")
    print(f"{len(samples())} samples, {seconds} s, finds in {folder}", flush=True)
    kit()
    atheris.instrument_all()
    options = (
        f"-max_total_time={seconds}", f"-timeout={CPU_SECONDS}", f"-rss_limit_mb={MEGABYTES}", f"-dict={words}",
        f"-artifact_prefix={folder}/", "-max_len=20000", "-print_final_stats=1", str(seeds),
    )  # fmt: skip
    atheris.Setup([sys.argv[0], *options], _try, enable_python_coverage=True)
    atheris.Fuzz()


def _try(raw: bytes) -> None:
    read_one(raw)


def _escaped(piece: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in piece)


if __name__ == "__main__":
    main()
