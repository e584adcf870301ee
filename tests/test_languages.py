"""Every language holds its promises among all languages at once: each sample is understood by its own rule, and no
counter-sample as what its rule means. `pytest tests/test_languages.py -k de` looks at one of them.
"""

from pathlib import Path

import pytest

from agent.classify import classify
from agent.model.proof import Proof
from agent.model.signal import kind_of
from agent.rules.catalog import RULE_FILES, Catalog, build
from agent.rules.schema import Kind, Rule, Stage
from agent.rules.speech import SPOKEN
from tests.unit.mails import mail

DATA = Path(__file__).parents[1] / "agent" / "data"
TEXTS = {path.relative_to(DATA).as_posix(): path.read_text("utf-8") for glob in RULE_FILES for path in DATA.glob(glob)}
CATALOG = build(TEXTS)
LANGUAGES = tuple(sorted(path.parent.name for path in DATA.glob("lang/*/words.toml")))
FILES = ("opt_out.toml", "wishes.toml", "people.toml", "auto_reply.toml", "words.toml", "quotes.toml")
WRITTEN = ("Date", "Mon, 02 Mar 2026 09:00:00 +0000")
SAID_AS = {Kind.GONE: "bounce", Kind.REASON: ""}
KINDS = frozenset(Kind) - {Kind.BOUNCE, Kind.DELAY}
KEYWORDS = {Kind.UNSUBSCRIBE, Kind.RESUBSCRIBE, Kind.PAUSE, Kind.FREQUENCY}
REASONS = {"too_frequent", "not_relevant", "no_longer_needed", "never_signed_up", "other_channel"}
MIN_OPT_OUTS, MIN_COUNTERS = 25, 10

spoken = pytest.mark.parametrize(
    "rule", [rule for rule in CATALOG.rules if rule.stage in SPOKEN], ids=lambda rule: rule.id
)
each_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return CATALOG


def understood(catalog: Catalog, text: str) -> str:
    """The kind of a mail whose own words these are."""
    signals = classify(mail(WRITTEN, own_text=text), Proof(), None, catalog)
    return kind_of(signals[0]) if signals else "other"


@spoken
def test_every_sample_is_understood_by_its_own_rule(catalog: Catalog, rule: Rule) -> None:
    wanted = SAID_AS.get(rule.yields.kind, rule.yields.kind.value)
    for sample in rule.samples:
        assert rule in [hit.rule for hit in catalog.find(rule.stage, sample)], f"not caught: {sample}"
        kind = understood(catalog, sample)
        assert not wanted or kind == wanted, f"{sample} is understood as {kind}"


@spoken
def test_no_counter_sample_is_understood_as_what_its_rule_means(catalog: Catalog, rule: Rule) -> None:
    # hazard D7
    for sample in rule.counter_samples:
        if rule.yields.kind is Kind.REASON:
            assert rule not in [hit.rule for hit in catalog.find(rule.stage, sample)], sample
        else:
            kind = understood(catalog, sample)
            assert kind != SAID_AS.get(rule.yields.kind, rule.yields.kind.value), f"{sample} is understood as {kind}"


@each_language
def test_a_language_is_complete(language: str) -> None:
    rules = [rule for path in FILES if path not in ("words.toml", "quotes.toml") for rule in _rules(language, path)]
    assert {rule.yields.kind for rule in rules if rule.stage is Stage.WORDING} >= KINDS
    assert {rule.yields.kind for rule in rules if rule.stage is Stage.KEYWORD} >= KEYWORDS
    assert {rule.yields.reason for rule in rules if rule.yields.kind is Kind.REASON} >= REASONS
    opt_outs = [rule for rule in rules if rule.yields.kind is Kind.UNSUBSCRIBE]
    assert sum(len(rule.phrases) for rule in opt_outs) >= MIN_OPT_OUTS
    assert sum(len(rule.counter_samples) for rule in opt_outs) >= MIN_COUNTERS
    assert {rule.confidence.value for rule in opt_outs} == {"sure", "likely"}


@each_language
@pytest.mark.parametrize("name", FILES)
def test_a_language_has_its_files(language: str, name: str) -> None:
    assert (DATA / "lang" / language / name).is_file()


def _rules(language: str, name: str) -> tuple[Rule, ...]:
    text = TEXTS.get(f"lang/{language}/{name}")
    lists = TEXTS[f"lang/{language}/words.toml"]
    paths = {f"lang/{language}/{name}": text or "", f"lang/{language}/words.toml": lists}
    return build(paths).rules
