"""What stands around a phrase: words that take it back, or nothing at all."""

from collections.abc import Iterator

from agent.classify.keywords import courtesy
from agent.classify.sentences import Sentence
from agent.classify.weights import Step, step
from agent.model.signal import Confidence
from agent.rules.index import Found
from agent.rules.normal import letters
from agent.rules.schema import Kind, Rule, Stage
from agent.rules.speech import Owner, Said, covered
from agent.rules.words import Mark, MarkKind

NEAR = 12  # letters from a phrase to the word behind it that takes it back
_FAR_NEGATION = 28
_BY_LAW = frozenset({Kind.ERASE, Kind.ACCESS})  # they name articles
_ASIDE = frozenset({Kind.REASON, Kind.JUNK, Kind.AUTOREPLY, Kind.GONE})


def around(
    one: Found[Owner], rule: Rule, sentence: Sentence, marks: list[Found[Owner]], said: list[Found[Owner]]
) -> Iterator[Step]:
    """What takes it back, one step of each kind at most."""
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


def rest(
    one: Found[Owner], rule: Rule, sentence: Sentence, found: tuple[Found[Owner], ...], *, plain: bool
) -> Iterator[Step]:
    """Whether it is asked, and whether nothing else is said. `plain`: nothing in it or around it takes it back."""
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
    return before and not any(inside(mark, other) and other.end <= one.start + 1 for other in filter(_says_more, said))


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


def inside(one: Found[Owner], other: Found[Owner]) -> bool:
    """Whether the other one says it all, and perhaps more."""
    return other.start <= one.start and one.end <= other.end


def _of(marks: list[Found[Owner]], kind: MarkKind) -> Iterator[Found[Owner]]:
    return (mark for mark in marks if isinstance(mark.owner, Mark) and mark.owner.kind is kind)


def _seen(sentence: Sentence, mark: Found[Owner]) -> str:
    return sentence.words[mark.start : mark.end].strip()
