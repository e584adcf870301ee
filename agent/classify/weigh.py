"""Evidence is weighed, never taken at the first hit: what a phrase says, what stands around it, what else was said."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from agent.classify.keywords import courtesy, keywords
from agent.classify.languages import Languages
from agent.classify.later import Each, Later
from agent.classify.sentences import Sentence
from agent.classify.signature import before_signature
from agent.classify.weights import CONTEXT, LIKELY, WEIGHTS, Request, Step, Weighed, step
from agent.model.signal import Confidence
from agent.rules.index import Found
from agent.rules.normal import letters
from agent.rules.schema import Kind, Rule, Stage
from agent.rules.speech import Owner, Said, Speech, covered, vetoed
from agent.rules.words import Mark, MarkKind

LONG_MESSAGE, TOP = 80, 3  # words; sentences
NEAR = 12  # letters from a phrase to the word behind it that takes it back
_FAR_NEGATION = 28
MOST = WEIGHTS["sure phrase"] + WEIGHTS["nothing else is said"]  # a phrase can weigh no more

_BY_LAW = frozenset({Kind.ERASE, Kind.ACCESS})  # they name articles
_HEAVY = frozenset({Kind.ERASE, Kind.ACCESS, Kind.COMPLAINT, Kind.REASON, Kind.JUNK})
_ASIDE = frozenset({Kind.REASON, Kind.JUNK, Kind.AUTOREPLY, Kind.GONE})


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
    return _inside(one, other) and "," not in more and f" {held.seen} " in more


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
        around = tuple(_around(one, owner.rule, sentence, near[tongue], said))
        steps = (
            *_own_weight(owner.rule),
            *((step("words of another language"),) if languages.foreign(number, one) else ()),
            *around,
            *_rest(one, owner.rule, sentence, found, plain=not around),
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


def _around(
    one: Found[Owner], rule: Rule, sentence: Sentence, marks: list[Found[Owner]], said: list[Found[Owner]]
) -> Iterator[Step]:
    if (negation := next((m for m in marks if _negates(m, one, sentence, said)), None)) is not None:
        yield step("negated", _seen(sentence, negation))
    if rule.yields.kind in (Kind.REASON, Kind.JUNK):
        return
    if (business := next((m for m in marks if _is_about(m, one, sentence)), None)) is not None:
        named = rule.yields.kind is Kind.COMPLAINT or (_is_object(business, one) and rule.yields.kind not in _BY_LAW)
        yield step("business is what it names" if named else "about business", _seen(sentence, business))
    if (printed := next(_of(marks, MarkKind.INSTRUCTION), None)) is not None:
        yield step("an instruction", _seen(sentence, printed))
    if (doubt := next((m for m in _of(marks, MarkKind.DOUBT) if m.start <= one.start), None)) is not None:
        yield step("talk about it", _seen(sentence, doubt))
    if rule.yields.kind not in _ASIDE and (other := next(_of(marks, MarkKind.OTHER), None)) is not None:
        yield step("about somebody else", _seen(sentence, other))


def _rest(
    one: Found[Owner], rule: Rule, sentence: Sentence, found: tuple[Found[Owner], ...], *, plain: bool
) -> Iterator[Step]:
    """`plain`: nothing in the phrase or around it takes it back."""
    if sentence.question and rule.confidence is Confidence.LIKELY:
        yield step("asked, not told")
    if plain and covered(sentence.words, (one, *courtesy(found))):
        yield step("nothing else is said")


def _negates(mark: Found[Owner], one: Found[Owner], sentence: Sentence, said: list[Found[Owner]]) -> bool:
    owner = mark.owner
    if not isinstance(owner, Mark):
        return False
    if owner.kind is MarkKind.NEGATION_AFTER:
        return mark.end > one.end and one.start <= mark.start and _near(one, mark, sentence)
    if owner.kind is not MarkKind.NEGATION:
        return False
    if _in_gap(mark, one):
        return True
    between = sentence.words[mark.end : one.start]
    before = mark.end <= one.start and letters(between) <= _FAR_NEGATION and "," not in between
    # "do not send me mails and unsubscribe me": the negation belongs to the other request.
    return before and not any(_inside(mark, other) and other.end <= one.start + 1 for other in filter(_says_more, said))


def _says_more(other: Found[Owner]) -> bool:
    return isinstance(other.owner, Said) and other.owner.rule.stage is Stage.WORDING and not other.owner.veto


def _is_about(mark: Found[Owner], one: Found[Owner], sentence: Sentence) -> bool:
    if not isinstance(mark.owner, Mark) or mark.owner.kind is not MarkKind.BUSINESS:
        return False
    if _in_gap(mark, one):
        return True
    return one.end <= mark.start and _near(one, mark, sentence) and "," not in sentence.words[one.end : mark.start]


def _in_gap(mark: Found[Owner], one: Found[Owner]) -> bool:
    return any(start <= mark.start and mark.end <= end for start, end in one.gaps)


def _is_object(mark: Found[Owner], one: Found[Owner]) -> bool:
    """In the first gap stands what is to be removed; in a later one ("remove me from your machine news") whose."""
    return any(start <= mark.start and mark.end <= end for start, end in one.gaps[:1])


def _near(one: Found[Owner], mark: Found[Owner], sentence: Sentence) -> bool:
    return letters(sentence.words[one.end : mark.start]) <= NEAR


def _swallowed(one: Request, others: list[Request]) -> bool:
    """A phrase inside a longer one of another kind is part of what that says."""
    return any(
        other.sentence == one.sentence
        and other.kind is not one.kind
        and other.kind not in (Kind.REASON, Kind.JUNK)
        and one.kind not in _HEAVY
        and (other.points >= one.points or not other.found.phrase.startswith("<"))
        and _inside(one.found, other.found)
        and other.found.end - other.found.start > one.found.end - one.found.start
        for other in others
    )


def _inside(one: Found[Owner], other: Found[Owner]) -> bool:
    return other.start <= one.start and one.end <= other.end


def _of(marks: list[Found[Owner]], kind: MarkKind) -> Iterator[Found[Owner]]:
    return (mark for mark in marks if isinstance(mark.owner, Mark) and mark.owner.kind is kind)


def _seen(sentence: Sentence, mark: Found[Owner]) -> str:
    return sentence.words[mark.start : mark.end].strip()
