"""Where a signature begins: a name, an office, a firm and its numbers below the courtesy that ends a mail.

It is left out only where nothing is asked for in it, for people add requests to their signatures too.
"""

import re

from agent.classify.later import Each
from agent.classify.sentences import Sentence
from agent.rules.index import Found
from agent.rules.schema import Kind, Stage
from agent.rules.speech import Owner, Said, covered, vetoed
from agent.rules.words import Mark, MarkKind

MAX_LINES = 15
MAX_WORDS = 20  # of a line without figures: offices and streets can be long
_FIGURES = re.compile(r"(?:\d\W?){5}")
_CONTACT = re.compile(r"(?:\d\W{0,2}){6}|@|\bwww\.|https?://")


def before_signature(sentences: tuple[Sentence, ...], found: Each[tuple[Found[Owner], ...]]) -> int:
    """How many of the sentences come before it; all of them where there is none."""
    contacts = [at for at, sentence in enumerate(sentences) if at and _CONTACT.search(sentence.text)]
    if not contacts:
        return len(sentences)
    first = len(sentences)
    while first > 1 and len(sentences) - first < MAX_LINES and _may_sign(sentences[first - 1], found[first - 1]):
        first -= 1
        if _is_closing(sentences[first], found[first]) and contacts[-1] > first:
            return first + 1
    return len(sentences)


def _may_sign(sentence: Sentence, found: tuple[Found[Owner], ...]) -> bool:
    if sentence.question or _asks(sentence, found):
        return False
    return sentence.length <= MAX_WORDS or bool(_FIGURES.search(sentence.text))


def _asks(sentence: Sentence, found: tuple[Found[Owner], ...]) -> bool:
    """A keyword does so where it is the whole line: "T" stands before telephone numbers too."""
    refused = vetoed(found)
    said = ((one, one.owner) for one in found if isinstance(one.owner, Said) and not one.owner.veto)
    return any(
        owner.rule.id not in refused
        and owner.rule.yields.kind is not Kind.REASON
        and (owner.rule.stage is Stage.WORDING or covered(sentence.words, [one]))
        for one, owner in said
    )


def _is_closing(sentence: Sentence, found: tuple[Found[Owner], ...]) -> bool:
    polite = [one for one in found if isinstance(one.owner, Mark) and one.owner.kind is MarkKind.POLITE]
    return bool(polite) and covered(sentence.words, polite)
