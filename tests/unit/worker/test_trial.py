"""Rules are tried on their own samples among all others, and an operator's own rules stand beside the package's."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import Identity, RulesSettings, Settings
from agent.rules.catalog import RULE_FILES, Catalog, RuleError, build
from agent.worker.kit import PACKAGE_NAMES, data_texts, extra_texts, load_kit
from agent.worker.read import read
from agent.worker.trial import faults

SPOKEN = """
[[rule]]
id = "en.roster"
stage = "wording"
phrases = ["scratch me off the roster"]
yields = { kind = "unsubscribe" }
samples = ["Please scratch me off the roster."]
counter_samples = ["Please don't scratch me off the roster."]
"""
BOUNCE = """
[[rule]]
id = "house.closed"
stage = "bounce_text"
phrases = ["the doors are closed for good"]
yields = { kind = "bounce", reason = "suspend" }
samples = ["550 The doors are closed for good"]
counter_samples = ["550 the doors are closed for lunch"]
"""


@pytest.fixture(scope="module")
def package() -> dict[str, str]:
    return data_texts(RULE_FILES)


def tried(package: dict[str, str], path: str, text: str) -> list[str]:
    catalog = build(package | {path: text})
    known = {rule.id for rule in build({path: text}).rules}
    return [fault for rule in catalog.rules if rule.id in known for fault in faults(rule, catalog)]


def test_good_rules_have_no_fault(package: dict[str, str]) -> None:
    assert tried(package, "own/lang/en/own.toml", SPOKEN) == []
    assert tried(package, "own/own.toml", BOUNCE) == []


def test_a_sample_that_is_missed_is_named(package: dict[str, str]) -> None:
    text = BOUNCE.replace('for good"]\ncounter', 'for good", "550 nothing of the kind"]\ncounter')
    assert tried(package, "own.toml", text) == ["rule 'house.closed': sample not caught: 550 nothing of the kind"]


def test_a_counter_sample_that_is_caught_is_named_with_who_caught_it(package: dict[str, str]) -> None:
    wide = BOUNCE.replace("closed for good", "closed").replace("for lunch", f"for lunch {'x' * 100}")
    (fault,) = tried(package, "own.toml", wide)
    assert fault.startswith("rule 'house.closed': counter-sample caught by house.closed: 550 the doors")
    assert fault.endswith("x...")
    spoken = SPOKEN.replace("Please don't scratch me off the roster.", "scratch me off the roster")
    (fault,) = tried(package, "lang/en/own.toml", spoken)
    assert "counter-sample caught by en.roster" in fault


def test_the_package_has_no_fault_of_its_own() -> None:
    """The bounce rules; those of people's words have tests of their own, by language."""
    catalog: Catalog = build(data_texts(("bounce/*.toml", "complaint/*.toml")))
    assert [fault for rule in catalog.rules for fault in faults(rule, catalog)] == []


def test_rules_of_the_operator_are_read_beside_those_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "lang" / "en").mkdir(parents=True)
    (tmp_path / "lang" / "en" / "own.toml").write_text(SPOKEN)
    identity = Identity(company="Shop", postal_address="x", contact="us@shop.example", domains=("shop.example",))
    settings = Settings(identity=identity, rules=RulesSettings(extra=str(tmp_path)))
    raw = (
        b"From: ana@buyer.example\r\nTo: us@shop.example\r\nSubject: hello\r\n\r\nPlease scratch me off the roster.\r\n"
    )
    message = RawMessage(
        source=Source(door=Door.FILES, reference="1"), envelope_from=None, envelope_to=(), peer="", raw=raw,
        received_at=datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip
    assert read(message, load_kit(settings)).kind == "unsubscribe"
    assert read(message, load_kit(replace(settings, rules=RulesSettings()))).kind == "reply"


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="nowhere"):
        extra_texts(tmp_path / "nowhere.toml")
    for name in PACKAGE_NAMES:
        (tmp_path / name).write_text("")
        with pytest.raises(RuleError, match=name):
            extra_texts(tmp_path)
        (tmp_path / name).unlink()
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(RuleError, match="not UTF-8"):
        extra_texts(tmp_path)


def test_a_rule_of_the_package_is_not_replaced_by_its_name(package: dict[str, str]) -> None:
    known = next(rule.id for rule in build(package).rules)
    with pytest.raises(RuleError, match="occurs twice"):
        build(package | {"/etc/optoutd/rules.d/own.toml": BOUNCE.replace("house.closed", known)})
