"""The text format, the list of metrics, and its page of the reference."""

import re
from pathlib import Path

from agent.metrics.exposition import Family, Kind, Sample, text
from agent.metrics.families import METRICS

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "metrics.md").read_text("utf-8")


def test_a_family_as_prometheus_reads_it() -> None:
    odd = Sample(value=2.5, labels={"account": 'a"b\\c\nd'})
    family = Family(name="optoutd_x", kind=Kind.GAUGE, help="What it is.", samples=(Sample(value=3, labels={}), odd))
    assert text((family,)) == (
        '# HELP optoutd_x What it is.\n# TYPE optoutd_x gauge\noptoutd_x 3\noptoutd_x{account="a\\"b\\\\c\\nd"} 2.5\n'
    )


def test_what_is_not_known_is_not_shown() -> None:
    assert text((Family(name="optoutd_x", kind=Kind.GAUGE, help="What it is.", samples=()),)) == ""


def test_names_are_good_names() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"optoutd(_[a-z]+)+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
        assert "\n" not in metric.help
        assert metric.help.endswith(".")


def test_the_reference_names_every_metric_and_no_other() -> None:
    rows = re.findall(r"^\| `(optoutd_[a-z_]+)(?:\{[a-z, ]+\})?` \| (gauge|counter) \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(metric.name, metric.kind.value, metric.help) for metric in METRICS]
