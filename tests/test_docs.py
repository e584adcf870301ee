"""The documentation holds together: no link is dead, every page is reached, the tables say what the program does."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import cli
from agent.model.state import Family, State
from agent.policy.rows import ROWS
from tests.unit.policy import test_table, test_table_soft

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
KINDS = {"tutorial": "Learn", "how-to": "Do", "reference": "Look up", "explanation": "Understand"}
LINK = re.compile(r"\]\(([^)\s]+)\)")
STATES, EXITS = ((ROOT / "docs" / "reference" / name).read_text("utf-8") for name in ("states.md", "exit-codes.md"))


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Where it leads: file and anchor."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in LINK.findall(text):
        if "://" not in target and not target.startswith("mailto:"):
            name, _, anchor = target.partition("#")
            yield (page.parent / name).resolve() if name else page, anchor


def anchors(page: Path) -> set[str]:
    """As the usual viewers make them from headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {anchor(head) for head in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def anchor(heading: str) -> str:
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
    kept = (c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LN")
    return "".join(kept).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_dead(page: Path) -> None:
    dead = [
        f"{file.relative_to(ROOT)}#{anchor}"
        for file, anchor in links(page)
        if not file.exists() or (anchor and anchor not in anchors(file))
    ]
    assert dead == []


def test_every_page_and_picture_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += [file for file, _ in links(page)] if page.suffix == ".md" else []
    there = {*PAGES, *(ROOT / "docs").glob("*.svg")}
    assert {str(file.relative_to(ROOT)) for file in there - reached} == set()


@pytest.mark.parametrize(("folder", "heading"), KINDS.items())
def test_the_readme_lists_every_page_under_its_kind(folder: str, heading: str) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    (part,) = re.findall(rf"^- \*\*{heading}\.\*\*(.*?)(?=^- \*\*|^$)", text, re.MULTILINE | re.DOTALL)
    listed = {target for target in LINK.findall(part) if target.count("/") == 2}
    assert listed == {f"docs/{folder}/{page.name}" for page in (ROOT / "docs" / folder).glob("*.md")}


def rows_of(text: str) -> list[list[str]]:
    """The cells of every table row."""
    cells = re.sub(r"\\\|", "/", text)
    return [[cell.strip() for cell in row.split("|")] for row in re.findall(r"^\| (.*) \|$", cells, re.MULTILINE)]


def test_every_state_is_told_in_its_family_and_order() -> None:
    consent, delivery = re.split(r"^## Delivery", STATES, flags=re.MULTILINE)
    for family, part in ((Family.CONSENT, consent), (Family.DELIVERY, delivery)):
        told = [row[0].strip("`") for row in rows_of(part) if row[0].startswith("`")]
        assert told == [state.value for state in State if state.family is family]


def test_the_rows_that_set_a_state_are_those_that_do() -> None:
    told = {State(row[0].strip("`")): set(row[2].split()) for row in rows_of(STATES) if row[0].startswith("`")}
    assert set[str]().union(*told.values()) <= {row.row for row in ROWS}
    for case in test_table.TABLE:
        before = {(standing.state, standing.scope) for standing in case.known.state.standings}
        for state, scope, _ in case.states:
            if (state, scope) not in before and case.row != "order":
                assert case.row in told[state], case.id
    for soft in test_table_soft.TABLE:
        if soft.stopped:
            assert soft.id.split()[0] in told[soft.stopped[0]], soft.id


def test_every_exit_code_is_told() -> None:
    codes = [int(row[0]) for row in rows_of(EXITS) if row[0].isdecimal()]
    assert codes == [0, 1, 2, 3, cli.STOPPED, cli.NOBODY_READS]
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "agent" / "cli").glob("*.py"))
    assert set(map(int, re.findall(r"exit_code = (\d+)", sources))) <= set(codes)


def test_what_one_means_is_told_of_every_command_that_says_it() -> None:
    """Commands whose help or page names exit 1, and commands that are there."""
    told = {row[0].strip("`") for row in rows_of(EXITS) if row[0].startswith("`")}
    page = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    sections = dict(zip(*[iter(re.split(r"^## `optoutd ([^`]+)`\n", page, flags=re.MULTILINE)[1:])] * 2, strict=True))
    assert told <= set(sections)
    no = re.compile(r"\b[Ee]xit [^.]*?\b1\b|; 1 when|, 1 (?:when|with)|: 0 `ok`, 1 ", re.DOTALL)
    assert {name for name, text in sections.items() if no.search(text)} == told
