"""docs/how-to/tokens.md and rules.md: what they show is what the program takes and gives."""

import re
from pathlib import Path

import pytest
import tomli

from agent.cli.mint import headers_for
from agent.rules.catalog import RULE_FILES, build
from agent.rules.schema import Stage
from agent.trust.tokens import new_key_line, parse_ring
from agent.worker.kit import PACKAGE_NAMES, data_texts
from agent.worker.trial import faults

PAGES = Path(__file__).parents[3] / "docs" / "how-to"
TOKENS, RULES = ((PAGES / name).read_text("utf-8") for name in ("tokens.md", "rules.md"))


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_every_header_that_mint_prints_is_set_by_every_template() -> None:
    ring = parse_ring(new_key_line("a", b"0" * 32))
    for template in (blocks(TOKENS, "python")[0], blocks(TOKENS, "php")[0], *blocks(TOKENS, "sh")[:2]):
        for name in headers_for(ring, "b" * 13, "news.example.com"):
            assert name in template


def test_the_python_template_can_be_compiled() -> None:
    for block in blocks(TOKENS, "python"):
        compile(block, "tokens.md", "exec")


@pytest.mark.parametrize("text", blocks(RULES, "toml"))
def test_every_rule_shown_is_one(text: str) -> None:
    tables = tomli.loads(text)
    if "rules" in tables:
        return
    package = data_texts(RULE_FILES)
    known = {rule.id for rule in build(package).rules}
    catalog = build(package | {"lang/en/ours.toml": text})
    assert [fault for rule in catalog.rules if rule.id not in known for fault in faults(rule, catalog)] == []


def test_every_stage_and_refused_name_is_told() -> None:
    assert [stage.value for stage in Stage if f"`{stage.value}`" not in RULES and f'"{stage.value}"' not in RULES] == []
    assert [name for name in PACKAGE_NAMES if f"`{name}`" not in RULES] == []
