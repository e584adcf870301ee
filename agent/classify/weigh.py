"""Evidence is weighed, never taken at the first hit: what a phrase says, what stands around it, what else was said."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from agent.classify.around import around, inside, rest
from agent.classify.keywords import keywords
from agent.classify.languages import Languages
from agent.classify.later import Each, Later
from agent.classify.sentences import Sentence
from agent.classify.signature import before_signature
from agent.classify.weights import CONTEXT, LIKELY, WEIGHTS, Request, Step, Weighed, step
from agent.model.signal import Confidence
from agent.rules.index import Found
from agent.rules.schema import Kind, Rule, Stage
from agent.rules.speech import Owner, Said, Speech, vetoed
from agent.rules.words import Mark

LONG_MESSAGE, TOP = 80, 3  # words; sentences
MOST = WEIGHTS["sure phrase"] + WEIGHTS["nothing else is said"]  # a phrase can weigh no more

_HEAVY = frozenset({Kind.ERASE, Kind.ACCESS, Kind.COMPLAINT, Kind.REASON, Kind.JUNK})


def weigh(sentences: tuple[Sentence, ...], speech: Speech, to_many: bool = False) -> Weighed:
    """Every request in these sentences with its weight; what nobody can hear is weighed when somebody asks for it."""
    found = Each(lambda number: speech.find(sentences[number].words), len(sentences))
    sentences = sentences[: before_signature(sentences, found)]
    weighing = _Weighing(sentences, Each(found.__getitem__, len(sentences)), speech, to_many)
    heard = [one for one in weighing.audible() if one.points >= LIKELY]
    heard = [one for one in heard if not _swallowed(one, heard)]
    return Weighed(sentences=sentences, found=weighing.found, requests=tuple(heard), refused=Later(weighing.refused))


class _Weighing:
    """One text; a sentence is searched and weighed when it is first asked about: of a long text few ever are."""

    def __init__(
        self, sentences: tuple[Sentence, ...], found: Each[tuple[Found[Owner], ...]], speech: Speech, to_many: bool
    ) -> None:
        self.found = found
        self._sentences = sentences
        self._languages = Languages(sentences, speech)
        self._general = _general(sentences, to_many)
        self._keywords = tuple(keywords(sentences, self.found))
        self._weighed = Each(self._weigh, len(sentences))

    def audible(self) -> list[Request]:
        """The requests of all sentences in which any can be heard."""
        worst = LIKELY - MOST  # with less beside it, not even the weightiest phrase is heard
        numbers = {number for number, steps in enumerate(self._general) if _sum(steps) >= worst}
        return self._requests(sorted(numbers.union(one.sentence for one in self._keywords)))

    def refused(self) -> list[Request]:
        """The requests of all sentences that weigh too little."""
        return [one for one in self._requests(range(len(self._sentences))) if one.points < LIKELY]

    def _requests(self, numbers: Iterable[int]) -> list[Request]:
        """What was worded, then the keywords."""
        requests = [one for number in numbers for one in self._weighed[number]]
        return sorted(requests, key=lambda one: one.rule.stage is Stage.KEYWORD)

    def _weigh(self, number: int) -> list[Request]:
        sentence, found, general = self._sentences[number], self.found[number], self._general[number]
        requests = list(_of_sentence(number, sentence, found, self._languages, general))
        requests += [one for one in self._keywords if one.sentence == number]
        return [_as_others(one, requests, sentence, self._languages) for one in requests]


def _general(sentences: tuple[Sentence, ...], to_many: bool) -> tuple[tuple[Step, ...], ...]:
    """For each sentence: people who leave say so at once, at the top or in few words, and to us alone."""
    many = (step("written to many"),) if to_many else ()
    if sum(sentence.length for sentence in sentences) <= LONG_MESSAGE:
        return (many,) * len(sentences)
    top, deep = (*many, step("one of many words")), (*many, step("deep in a long text"))
    return (*(top,) * min(TOP, len(sentences)), *(deep,) * (len(sentences) - TOP))


def _as_others(one: Request, others: list[Request], sentence: Sentence, languages: Languages) -> Request:
    """What takes a request back also takes back a part of it ("strike me not off the list": "strike me"). Languages
    share words: what takes it back in one takes back its look-alike in another, unless that knows the sentence better.
    """
    known = {held.name for held in one.steps}
    seen = {
        one_step.name: one_step
        for other in others
        if other.kind is one.kind and _overlap(one.found, other.found)
        for one_step in other.steps
        if one_step.name in CONTEXT and one_step.name not in known
        if (
            _is_beside(one_step, one.found, other.found, sentence)
            if other.language == one.language
            else not languages.outdo(one.sentence, one.language, other.language)
        )
    }
    return replace(one, steps=(*one.steps, *seen.values())) if seen else one


def _is_beside(held: Step, one: Found[Owner], other: Found[Owner], sentence: Sentence) -> bool:
    """Whether another phrase says the same in more words, and what takes it back stands among those: not in what the
    shorter one says itself, nor behind a comma, where something else begins.
    """
    more = f"{sentence.words[other.start : one.start]} … {sentence.words[one.end : other.end]} "
    return inside(one, other) and "," not in more and f" {held.seen} " in more


def _sum(steps: tuple[Step, ...]) -> int:
    return sum(one.points for one in steps)


def _of_sentence(
    number: int,
    sentence: Sentence,
    found: tuple[Found[Owner], ...],
    languages: Languages,
    general: tuple[Step, ...],
) -> Iterator[Request]:
    said = [one for one in found if isinstance(one.owner, Said) and not one.owner.veto]
    if not said:
        return
    refused = vetoed(found)
    marks = [one for one in found if isinstance(one.owner, Mark)]
    near: dict[str, list[Found[Owner]]] = {}  # by language: the marks that speak to it
    for one in said:
        owner = one.owner
        if not isinstance(owner, Said) or owner.rule.stage is not Stage.WORDING or owner.rule.id in refused:
            continue
        if any(_takes_back(other, one, refused, number, languages) for other in said):
            continue
        tongue = owner.language
        if tongue not in near:
            near[tongue] = [mark for mark in marks if _speaks_to(mark.owner.language, tongue, number, languages)]
        beside = tuple(around(one, owner.rule, sentence, near[tongue], said))
        steps = (
            *_own_weight(owner.rule),
            *((step("words of another language"),) if languages.foreign(number, one) else ()),
            *beside,
            *rest(one, owner.rule, sentence, found, plain=not beside),
            *general,
        )
        yield Request(
            rule=owner.rule,
            language=tongue,
            sentence=number,
            found=one,
            excerpt=sentence.text,
            steps=steps,
        )


def _speaks_to(one: str, other: str, number: int, languages: Languages) -> bool:
    """Negations and doubts of a language, to the phrases of another: only where it knows the sentence better."""
    return one == other or languages.outdo(number, one, other)


def _takes_back(
    other: Found[Owner], one: Found[Owner], refused: frozenset[str], number: int, languages: Languages
) -> bool:
    """A look-alike of another language that its own language refuses here."""
    two, owner = other.owner, one.owner
    if not isinstance(two, Said) or not isinstance(owner, Said) or two.rule.id not in refused:
        return False
    if two.rule.yields.kind is not owner.rule.yields.kind:
        return False
    return _overlap(other, one) and languages.outdo(number, two.language, owner.language)


def _overlap(one: Found[Owner], other: Found[Owner]) -> bool:
    return other.start < one.end and one.start < other.end


def _own_weight(rule: Rule) -> Iterator[Step]:
    yield step("sure phrase" if rule.confidence is Confidence.SURE else "likely phrase", rule.id)


def _swallowed(one: Request, others: list[Request]) -> bool:
    """A phrase inside a longer one of another kind is part of what that says."""
    return any(
        other.sentence == one.sentence
        and other.kind is not one.kind
        and other.kind not in (Kind.REASON, Kind.JUNK)
        and one.kind not in _HEAVY
        and (other.points >= one.points or not other.found.phrase.startswith("<"))
        and inside(one.found, other.found)
        and other.found.end - other.found.start > one.found.end - one.found.start
        for other in others
    )
