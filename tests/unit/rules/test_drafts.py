"""Decisions become rules that can be tried as they are: caught by their own samples, and never sure by themselves."""

from datetime import UTC, datetime

from agent.model.address import parse_address
from agent.model.mail import Door
from agent.model.signal import Confidence, Evidence, Origin, Strength, Verdict
from agent.model.state import Review
from agent.rules.catalog import RULE_FILES, build
from agent.rules.drafts import drafts
from agent.worker.kit import data_texts
from agent.worker.trial import faults

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def decided(number: int, words: str, verdict: Verdict, language: str = "en") -> Review:
    key = parse_address("ann@buyer.example")
    assert key is not None
    evidence = Evidence(rule="wording:en.likely", excerpt=words, strength=Strength.E1)
    return Review(
        id=number, key=key, row="20", why="", evidence=evidence, answerable=True, scope="all", first=Verdict.OPT_OUT,
        second=Verdict.REPLY, timeout=None, opened_at=NOW, due_at=None, verdict=verdict, by="Mei",
        origin=Origin(door=Door.IMAP, received_at=NOW, language=language),
    )  # fmt: skip


def test_a_draft_is_caught_by_its_own_sample_among_all_rules() -> None:
    texts = drafts(
        (
            decided(1, 'Kindly "scratch" us from the ledger \\ book, folks', Verdict.OPT_OUT),
            decided(2, "the ledger shows two rolls too few", Verdict.REPLY),
        )
    )
    assert list(texts) == ["lang/en/review.toml"]
    catalog = build(data_texts(RULE_FILES) | {f"extra/{path}": text for path, text in texts.items()})
    (mine,) = (rule for rule in catalog.rules if rule.id.startswith("review."))
    assert mine.confidence is Confidence.LIKELY
    assert list(faults(mine, catalog)) == []
    assert mine.counter_samples == ("the ledger shows two rolls too few",)


def test_each_language_has_its_own_file_and_wordless_decisions_none() -> None:
    texts = drafts((decided(1, "raus", Verdict.OPT_OUT, "de"), decided(2, "...", Verdict.OPT_OUT, "fr")))
    assert list(texts) == ["lang/de/review.toml"]
    assert 'kind = "unsubscribe"' in texts["lang/de/review.toml"]
