"""docs/rfcs.md names every RFC that the code cites, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_cited_rfc_is_listed() -> None:
    sources = [*ROOT.glob("agent/**/*.py"), *ROOT.glob("agent/**/*.toml"), *ROOT.glob("agent/**/*.sql")]
    cited = {number for file in sources for number in re.findall(r"RFC (\d{4})", file.read_text(encoding="utf-8"))}
    rows = re.findall(r"^\| (\d{4}) \| [^|]+ \| (yes|partly|no) \|", (ROOT / "docs/rfcs.md").read_text(), re.MULTILINE)
    listed = {number for number, _ in rows}
    assert cited - listed == set(), "cited in the code, missing in docs/rfcs.md"
    assert listed - cited == set(), "in docs/rfcs.md, cited nowhere"
