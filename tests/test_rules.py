"""Every rule is caught by its own samples among all rules, and by no counter-sample (`samples` in the rule files)."""

from pathlib import Path

import pytest

from agent.classify.verdict import judge
from agent.model.report import RecipientReport
from agent.rules.catalog import RULE_FILES, Catalog, build
from agent.rules.schema import Rule, Stage
from agent.rules.speech import SPOKEN

DATA = Path(__file__).parents[1] / "agent" / "data"
TEXTS = {path.relative_to(DATA).as_posix(): path.read_text("utf-8") for glob in RULE_FILES for path in DATA.glob(glob)}
CATALOG = build(TEXTS)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return CATALOG


def hits(catalog: Catalog, rule: Rule, text: str) -> list[Rule]:
    return [hit.rule for hit in catalog.find(rule.stage, text)]


@pytest.mark.parametrize("rule", [r for r in CATALOG.rules if r.stage not in SPOKEN], ids=lambda rule: rule.id)
def test_samples_and_counter_samples(catalog: Catalog, rule: Rule) -> None:
    for sample in rule.samples:
        assert rule in hits(catalog, rule, sample), f"not caught: {sample}"
    for sample in rule.counter_samples:
        caught = [other.id for other in hits(catalog, rule, sample) if other.yields == rule.yields]
        assert not caught, f"{sample} is caught by {caught}"


@pytest.mark.parametrize("rule", [r for r in CATALOG.rules if r.stage is Stage.BOUNCE_TEXT], ids=lambda rule: rule.id)
def test_a_bounce_sample_is_given_its_reason_among_all_rules(catalog: Catalog, rule: Rule) -> None:
    for sample in rule.samples:
        verdict = judge(RecipientReport(diagnostic=sample), catalog, lambda: "(in reply to RCPT TO command)")
        assert verdict.challenge or verdict.reason.value == rule.yields.reason, sample


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("STOP", "unsubscribe"),
        ("UNSUBSCRIBE", "unsubscribe"),
        ("TD", "unsubscribe"),
        ("T", "unsubscribe"),
        ("退订", "unsubscribe"),
        ("取消", "unsubscribe"),
        ("отписаться", "unsubscribe"),
        ("START", "resubscribe"),
        ("恢复", "resubscribe"),
        ("возобновить", "resubscribe"),
        ("TD-100", ""),
        ("stop production of item 3", ""),
        ("取消订单", ""),
    ],
)
def test_the_keywords_our_letters_print(catalog: Catalog, text: str, kind: str) -> None:
    found = {hit.rule.yields.kind.value for hit in catalog.find(Stage.KEYWORD, text)}
    assert found == ({kind} if kind else set())
