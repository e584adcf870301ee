"""Keywords, which count where they are all that was said, and what is as good as nothing beside them."""

from collections.abc import Iterable, Iterator

from agent.classify.later import Each
from agent.classify.sentences import Sentence
from agent.classify.weights import Request, Weighed, step
from agent.rules.index import Found
from agent.rules.schema import Kind, Stage
from agent.rules.speech import Owner, Said, covered, polite_beside, vetoed
from agent.rules.words import Mark, MarkKind

SIGNATURE_LINES, SIGNATURE_WORDS = 5, 7


def says_nothing(weighed: Weighed) -> bool:
    """Whether the text is empty, courtesy, or what looks like a signature."""
    pairs = zip(weighed.sentences, weighed.found, strict=True)
    lines = [pair for pair in pairs if not covered(pair[0].words, courtesy(pair[1]))]
    return len(lines) <= SIGNATURE_LINES and all(_signature_like(*line) for line in lines)


def keywords(sentences: tuple[Sentence, ...], found: Each[tuple[Found[Owner], ...]]) -> Iterator[Request]:
    """A keyword counts where it is all that was said: courtesy, reasons and a signature below are nothing."""
    first = _first_spoken(sentences, found)
    if first is None:
        return
    refused = vetoed(found[first])
    for one in found[first]:
        owner = one.owner
        if not isinstance(owner, Said) or owner.rule.stage is not Stage.KEYWORD or owner.rule.id in refused:
            continue
        if covered(sentences[first].words, (one, *_courtesy_beside(found[first], owner.language))):
            yield Request(
                rule=owner.rule,
                language=owner.language,
                sentence=first,
                found=one,
                excerpt=sentences[first].text,
                steps=(step("keyword", owner.rule.id),),
            )


def _first_spoken(sentences: tuple[Sentence, ...], found: Each[tuple[Found[Owner], ...]]) -> int | None:
    """The sentence that says something, where all others are courtesy or look like a signature below it."""
    first, rest = None, 0
    for at, sentence in enumerate(sentences):
        if _is_courtesy(sentence, found[at]):
            continue
        if first is None:
            first = at
            continue
        rest += 1
        if rest > SIGNATURE_LINES or not _signature_like(sentence, found[at]):
            return None
    return first


def _is_courtesy(sentence: Sentence, found: tuple[Found[Owner], ...]) -> bool:
    """A keyword is one no more: "not interested, thanks" is a reason, but also all that was said."""
    polite_or_why = courtesy(found)
    if not polite_or_why or not covered(sentence.words, polite_or_why):
        return False
    polite = [one for one in found if isinstance(one.owner, Mark) and one.owner.kind is MarkKind.POLITE]
    beside = [] if covered(sentence.words, polite) else polite
    words = (one for one in found if isinstance(one.owner, Said) and one.owner.rule.stage is Stage.KEYWORD)
    return not any(covered(sentence.words, [one, *beside]) for one in words if not _is_veto(one))


def _is_veto(one: Found[Owner]) -> bool:
    return isinstance(one.owner, Said) and one.owner.veto


def _signature_like(sentence: Sentence, found: tuple[Found[Owner], ...]) -> bool:
    if sentence.question or sentence.length > SIGNATURE_WORDS:
        return False
    return not any(isinstance(one.owner, Mark) and one.owner.kind is MarkKind.BUSINESS for one in found)


def courtesy(found: Iterable[Found[Owner]]) -> list[Found[Owner]]:
    """Politeness, and the reasons people give: they neither add to a request nor take anything from it."""
    return [
        one
        for one in found
        if (isinstance(one.owner, Mark) and one.owner.kind is MarkKind.POLITE)
        or (isinstance(one.owner, Said) and one.owner.rule.yields.kind is Kind.REASON and not one.owner.veto)
    ]


def _courtesy_beside(found: tuple[Found[Owner], ...], language: str) -> list[Found[Owner]]:
    reasons = [one for one in courtesy(found) if isinstance(one.owner, Said)]
    return [*polite_beside(found, language), *reasons]
