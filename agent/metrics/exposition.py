"""Numbers as Prometheus reads them: the text format 0.0.4, one family after the other. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n"}


class Kind(Enum):
    """How a number moves."""

    GAUGE = "gauge"
    COUNTER = "counter"  # up only; its name ends in _total


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One number of a family, told from the others by its labels."""

    value: float
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Numbers of one name; one without a sample is not known now and not shown."""

    name: str
    kind: Kind
    help: str
    samples: tuple[Sample, ...]


def text(families: Iterable[Family]) -> str:
    """The page."""
    return "".join(map(_family, families))


def _family(family: Family) -> str:
    if not family.samples:
        return ""
    head = f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.kind.value}\n"
    return head + "".join(f"{family.name}{_labels(one.labels)} {_number(one.value)}\n" for one in family.samples)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in value)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
