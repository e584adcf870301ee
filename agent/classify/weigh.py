"""Evidence is weighed, never taken at the first hit: what a phrase says, what stands around it, what else was said."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from agent.classify.sentences import Sentence
from agent.classify.weights import LIKELY, Request, Step, Weighed, step
from agent.model.signal import Confidence
from agent.rules.index import Found
from agent.rules.schema import Kind, Rule, Stage
from agent.rules.speech import Owner, Said, Speech, covered
from agent.rules.words import Mark, MarkKind

LONG_MESSAGE, TOP = 80, 3  # words; sentences
SIGNATURE_LINES, SIGNATURE_WORDS = 5, 7
NEAR = 12  # letters between a phrase and the word that takes it back
_FAR_NEGATION = 28

_CONTEXT = frozenset({"negated", "about business", "talk about it", "about somebody else", "an instruction"})
_HEAVY = frozenset({Kind.ERASE, Kind.ACCESS, Kind.COMPLAINT, Kind.REASON, Kind.JUNK})
_ASIDE = frozenset({Kind.REASON, Kind.JUNK, Kind.AUTOREPLY, Kind.GONE})


def weigh(sentences: tuple[Sentence, ...], speech: Speech, to_many: bool = False) -> Weighed:
    """Every request in these sentences with its weight."""
    found = tuple(speech.find(sentence.words) for sentence in sentences)
    many = (step("written to many"),) if to_many else ()
    weighed = [
        request
        for number, sentence in enumerate(sentences)
        for request in _of_sentence(number, sentence, found[number], (*many, *_length(sentences, number)))
    ]
    weighed.extend(_keywords(sentences, found))
    weighed = [_in_every_language(one, weighed) for one in weighed]
    heard = [one for one in weighed if one.points >= LIKELY]
    heard = [one for one in heard if not _swallowed(one, heard)]
    return Weighed(
        sentences=sentences,
        found=found,
        requests=tuple(heard),
        refused=tuple(one for one in weighed if one.points < LIKELY),
    )


def _in_every_language(one: Request, others: list[Request]) -> Request:
    """Languages share words: what takes a request back in one language takes back its look-alike in another."""
    known = {held.name for held in one.steps}
    seen = {
        one_step.name: one_step
        for other in others
        if other.language != one.language and other.sentence == one.sentence and other.kind is one.kind
        if other.found.start < one.found.end and one.found.start < other.found.end
        for one_step in other.steps
        if one_step.name in _CONTEXT and one_step.name not in known
    }
    return replace(one, steps=(*one.steps, *seen.values())) if seen else one


def says_nothing(weighed: Weighed) -> bool:
    """Whether the text is empty, courtesy, or what looks like a signature."""
    pairs = zip(weighed.sentences, weighed.found, strict=True)
    lines = [pair for pair in pairs if not covered(pair[0].words, _courtesy(pair[1]))]
    return len(lines) <= SIGNATURE_LINES and all(_signature_like(*line) for line in lines)


def _length(sentences: tuple[Sentence, ...], number: int) -> tuple[Step, ...]:
    """People who leave say so at once: at the top, or in few words."""
    if sum(sentence.length for sentence in sentences) <= LONG_MESSAGE:
        return ()
    return (step("one of many words" if number < TOP else "deep in a long text"),)


def _of_sentence(
    number: int, sentence: Sentence, found: tuple[Found[Owner], ...], general: tuple[Step, ...]
) -> Iterator[Request]:
    vetoed = {one.owner.rule.id for one in found if isinstance(one.owner, Said) and one.owner.veto}
    said = [one for one in found if isinstance(one.owner, Said) and not one.owner.veto]
    marks = [one for one in found if isinstance(one.owner, Mark)]
    for one in said:
        owner = one.owner
        if not isinstance(owner, Said) or owner.rule.stage is not Stage.WORDING or owner.rule.id in vetoed:
            continue
        near = [mark for mark in marks if isinstance(mark.owner, Mark) and mark.owner.language == owner.language]
        steps = (
            *_own_weight(owner.rule),
            *_around(one, owner.rule, sentence, near, said),
            *_rest(one, owner.rule, sentence, found),
            *general,
        )
        yield Request(
            rule=owner.rule,
            language=owner.language,
            sentence=number,
            found=one,
            excerpt=sentence.text,
            steps=steps,
        )


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
        yield step("about business", _seen(sentence, business))
    if (printed := next(_of(marks, MarkKind.INSTRUCTION), None)) is not None:
        yield step("an instruction", _seen(sentence, printed))
    if (doubt := next((m for m in _of(marks, MarkKind.DOUBT) if m.start <= one.start), None)) is not None:
        yield step("talk about it", _seen(sentence, doubt))
    if rule.yields.kind not in _ASIDE and (other := next(_of(marks, MarkKind.OTHER), None)) is not None:
        yield step("about somebody else", _seen(sentence, other))


def _rest(one: Found[Owner], rule: Rule, sentence: Sentence, found: tuple[Found[Owner], ...]) -> Iterator[Step]:
    if sentence.question and rule.confidence is Confidence.LIKELY:
        yield step("asked, not told")
    if covered(sentence.words, (one, *_courtesy(found))):
        yield step("nothing else is said")


def _negates(mark: Found[Owner], one: Found[Owner], sentence: Sentence, said: list[Found[Owner]]) -> bool:
    owner = mark.owner
    if not isinstance(owner, Mark):
        return False
    if owner.kind is MarkKind.NEGATION_AFTER:
        return mark.end > one.end and one.start <= mark.start <= one.end + NEAR
    if owner.kind is not MarkKind.NEGATION:
        return False
    if any(start <= mark.start and mark.end <= end for start, end in one.gaps):
        return True
    between = sentence.words[mark.end : one.start]
    before = mark.end <= one.start and len(between) <= _FAR_NEGATION and "," not in between
    # "do not send me mails and unsubscribe me": the negation belongs to the other request.
    return before and not any(_inside(mark, other) and other.end <= one.start + 1 for other in filter(_says_more, said))


def _says_more(other: Found[Owner]) -> bool:
    return isinstance(other.owner, Said) and other.owner.rule.stage is Stage.WORDING and not other.owner.veto


def _is_about(mark: Found[Owner], one: Found[Owner], sentence: Sentence) -> bool:
    if not isinstance(mark.owner, Mark) or mark.owner.kind is not MarkKind.BUSINESS:
        return False
    if any(start <= mark.start and mark.end <= end for start, end in one.gaps):
        return True
    return one.end <= mark.start <= one.end + NEAR and "," not in sentence.words[one.end : mark.start]


def _keywords(sentences: tuple[Sentence, ...], found: tuple[tuple[Found[Owner], ...], ...]) -> Iterator[Request]:
    """A keyword counts where it is all that was said: courtesy, reasons and a signature below are nothing."""
    spoken = [at for at, sentence in enumerate(sentences) if not _is_courtesy(sentence, found[at])]
    if not spoken or len(spoken) > 1 + SIGNATURE_LINES:
        return
    first, rest = spoken[0], spoken[1:]
    if not all(_signature_like(sentences[at], found[at]) for at in rest):
        return
    for one in found[first]:
        owner = one.owner
        if not isinstance(owner, Said) or owner.veto or owner.rule.stage is not Stage.KEYWORD:
            continue
        if covered(sentences[first].words, (one, *_courtesy(found[first]))):
            yield Request(
                rule=owner.rule,
                language=owner.language,
                sentence=first,
                found=one,
                excerpt=sentences[first].text,
                steps=(step("keyword", owner.rule.id),),
            )


def _is_courtesy(sentence: Sentence, found: tuple[Found[Owner], ...]) -> bool:
    keywords = (one for one in found if isinstance(one.owner, Said) and one.owner.rule.stage is Stage.KEYWORD)
    return covered(sentence.words, _courtesy(found)) and not any(covered(sentence.words, [one]) for one in keywords)


def _signature_like(sentence: Sentence, found: tuple[Found[Owner], ...]) -> bool:
    if sentence.question or sentence.length > SIGNATURE_WORDS:
        return False
    return not any(isinstance(one.owner, Mark) and one.owner.kind is MarkKind.BUSINESS for one in found)


def _courtesy(found: Iterable[Found[Owner]]) -> list[Found[Owner]]:
    """Politeness, and the reasons people give: they neither add to a request nor take anything from it."""
    return [
        one
        for one in found
        if (isinstance(one.owner, Mark) and one.owner.kind is MarkKind.POLITE)
        or (isinstance(one.owner, Said) and one.owner.rule.yields.kind is Kind.REASON and not one.owner.veto)
    ]


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
