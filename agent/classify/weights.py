"""What counts for and against a reading, as values: the weights, the steps they make, and what a text said."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agent.classify.sentences import Sentence
from agent.model.signal import Confidence
from agent.rules.index import Found
from agent.rules.schema import Kind, Rule
from agent.rules.speech import Owner
from agent.rules.words import Mark, MarkKind

WEIGHTS: Mapping[str, int] = MappingProxyType({
    "sure phrase": 6,
    "likely phrase": 3,
    "keyword": 8,
    "nothing else is said": 2,
    "negated": -9,
    "about business": -4,
    "business is what it names": -6,  # "remove item 2 from the list"
    "talk about it": -4,
    "about somebody else": -4,
    "asked, not told": -2,  # a question mark; counts against a likely phrase only
    "one of many words": -2,
    "deep in a long text": -8,
    "words of another language": -9,  # in which the text is written, and where they mean something else
    "an instruction": -9,  # "to unsubscribe click here": what senders print for others
    "written to many": -9,  # lists and bulk mail: a keyword alone is still believed
    "such texts mean it": 3,  # the language model alone: likely, and never more
    "such texts often mean it": 3,  # silence must not decide
    "such texts may mean it": 3,  # and the mail is an ordinary reply
    "such texts give this reason": 4,
    "such texts mean something else": -9,
})  # fmt: skip
SURE, LIKELY = 4, 2
# What stands around a request and takes it back.
CONTEXT = frozenset(
    {"negated", "about business", "business is what it names", "talk about it", "about somebody else", "an instruction"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that counted: its name in WEIGHTS, its points, and the words it was seen in."""

    name: str
    points: int
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One phrase in one sentence, weighed."""

    rule: Rule
    language: str
    sentence: int
    found: Found[Owner]
    excerpt: str  # the sentence as it was written
    steps: tuple[Step, ...]

    @property
    def kind(self) -> Kind:
        """What is asked for."""
        return self.rule.yields.kind

    @property
    def points(self) -> int:
        """The sum of the steps."""
        return sum(step.points for step in self.steps)

    @property
    def confidence(self) -> Confidence:
        """Sure acts, likely goes to review."""
        return Confidence.SURE if self.points >= SURE else Confidence.LIKELY


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """All that was found in a text: requests of at least LIKELY, those that were not, and what stood around."""

    sentences: tuple[Sentence, ...] = ()
    found: Iterable[tuple[Found[Owner], ...]] = ()  # by sentence; each is searched when first asked about
    requests: tuple[Request, ...] = ()
    refused: Iterable[Request] = ()  # may be asked for more than once, and is weighed at the first time

    def marks(self, kind: MarkKind, language: str = "") -> Iterator[tuple[int, Found[Owner]]]:
        """The marks of one kind, in one language or any, with the number of their sentence."""
        for number, found in enumerate(self.found):
            for one in found:
                if isinstance(one.owner, Mark) and one.owner.kind is kind and language in ("", one.owner.language):
                    yield number, one


def step(name: str, seen: str = "") -> Step:
    """A step of the table."""
    return Step(name=name, points=WEIGHTS[name], seen=seen)
