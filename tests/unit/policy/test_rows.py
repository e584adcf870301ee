"""docs/explanation/policy.md is what the code's own rows say, and no decision names a row that is not there."""

import re
from pathlib import Path

from agent.policy.bounce_rows import rows_of_reasons
from agent.policy.rows import ROWS, as_markdown
from tests.unit.policy import test_table

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "explanation" / "policy.md"
NO_ROWS = {"own", "order", "tick", "review", "ticket", "B1"}  # who is ours, a person's word, the clock


def test_the_page_is_made_from_the_rows() -> None:
    text = PAGE.read_text("utf-8")
    assert text[text.index("## What each event does") :] == as_markdown(), (
        "write that part anew: ./run python -c 'from agent.policy.rows import as_markdown; print(as_markdown())'"
    )


def test_every_row_is_tried_and_every_row_tried_is_known() -> None:
    known = {row.row for row in ROWS}
    tried = {case.row for case in test_table.TABLE} - NO_ROWS
    assert tried == known
    assert {row for row, _ in rows_of_reasons()} <= known


def test_every_row_a_decision_can_name_is_known() -> None:
    known = {row.row for row in ROWS} | NO_ROWS
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "agent" / "policy").glob("*.py"))
    named = set(re.findall(r'(?:\brow=|\bROW = |\brow = )"([^"]+)"', source))
    assert named <= known
