"""What people say, in all languages at once: the phrases of keyword and wording rules beside the words around them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain
from operator import or_

from agent.rules.index import Found, PhraseIndex
from agent.rules.normal import normalised
from agent.rules.phrase import Phrase, PhraseError, forget_words, read_phrase
from agent.rules.schema import Rule, Stage
from agent.rules.vocabulary import Vocabulary
from agent.rules.words import EMPTY, Abbreviations, Language, Mark, MarkKind, TimeWord, read_words

SPOKEN = (Stage.KEYWORD, Stage.WORDING)
MAX_KEYWORD_CHARS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A rule of one language; `veto`: one of the phrases it never stands with."""

    rule: Rule
    language: str
    veto: bool = False


Owner = Said | Mark


class Speech:
    """All spoken rules and all words of all languages in one index."""

    def __init__(self, rules: Mapping[str, tuple[Rule, ...]], words: Mapping[str, str]) -> None:
        """`rules` by the path of their file, `words` the texts of the words.toml files by path."""
        self._languages: dict[str, Language] = {}
        marks: list[tuple[Mark, Phrase]] = []
        for path in sorted(words):
            self._languages[_tag(path)], some = read_words(path, _primary(path), words[path])
            marks += some
        self._index: PhraseIndex[Owner] = PhraseIndex(chain(marks, self._said(rules)))
        forget_words()
        known = (language.abbreviations for language in self._languages.values())
        self.abbreviations = reduce(or_, known, Abbreviations())  # a language is not known before its sentences are
        self._rules = rules

    def find(self, sentence: str) -> tuple[Found[Owner], ...]:
        """Everything known that occurs in a normalised sentence."""
        return self._index.find(sentence)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of all languages, collected when they are first needed."""
        phrases: dict[str, list[str]] = {}
        samples: dict[str, list[str]] = {}
        for tag, language in self._languages.items():
            held = phrases.setdefault(_primary_of(tag), [])
            held.extend(language.marks)
            held.extend(text for texts in language.lists.words.values() for text in texts)
        for path, some in self._rules.items():
            for rule in some if _tag(path) else ():
                phrases.setdefault(_primary(path), []).extend((*rule.phrases, *rule.never_with))
                samples.setdefault(_primary(path), []).extend(rule.samples)
        return Vocabulary(phrases, samples)

    def calendars(self, language: str) -> tuple[PhraseIndex[TimeWord], ...]:
        """The calendars of a language, however it is written."""
        return tuple(held.calendar for tag, held in self._languages.items() if _primary_of(tag) == language)

    def phrases_of(self, path: str, rule: Rule) -> tuple[Phrase, ...]:
        """The phrases of one rule; PhraseError says what is wrong with one."""
        return tuple(self._phrase(path, rule, "phrases", text) for text in rule.phrases)

    def hits(self, stage: Stage, text: str) -> tuple[Rule, ...]:
        """The rules of one stage that a text meets by itself, without any weighing."""
        sentence = normalised(text)
        found = self.find(sentence)
        if stage is Stage.KEYWORD:
            return keywords(sentence, found)
        said = [one.owner for one in found if isinstance(one.owner, Said)]
        refused = vetoed(found)
        rules = (owner.rule for owner in said if not owner.veto and owner.rule.id not in refused)
        return tuple(dict.fromkeys(rule for rule in rules if rule.stage is stage))

    def _said(self, rules: Mapping[str, tuple[Rule, ...]]) -> Iterator[tuple[Owner, Phrase]]:
        for path in sorted(rules):
            for rule in rules[path]:
                said = Said(rule=rule, language=_primary(path))
                for phrase in self.phrases_of(path, rule):
                    yield said, phrase
                for text in rule.never_with:
                    veto = Said(rule=rule, language=said.language, veto=True)
                    yield veto, self._phrase(path, rule, "never_with", text)

    def _phrase(self, path: str, rule: Rule, field: str, text: str) -> Phrase:
        try:
            return read_phrase(text, self._languages.get(_tag(path), EMPTY).lists)
        except PhraseError as error:
            raise PhraseError(f"{path}: rule {rule.id!r}: field `{field}`: {error}") from error


def keywords(sentence: str, found: tuple[Found[Owner], ...]) -> tuple[Rule, ...]:
    """The keyword rules that are all a short sentence says, when courtesy is taken off."""
    refused = vetoed(found)
    rules: dict[Rule, None] = {}
    for one in found:
        owner = one.owner
        if not isinstance(owner, Said) or owner.rule.stage is not Stage.KEYWORD or owner.rule.id in refused:
            continue
        if not owner.veto and _short(one):
            rules.update({owner.rule: None} if covered(sentence, (one, *polite_beside(found, owner.language))) else {})
    return tuple(rules)


def polite_beside(found: tuple[Found[Owner], ...], language: str) -> list[Found[Owner]]:
    """The courtesy around words of one language: what is polite in another may be a negation in this one ("nu")."""
    marks = [one for one in found if isinstance(one.owner, Mark)]
    negations = [one for one in marks if _is(one, MarkKind.NEGATION, MarkKind.NEGATION_AFTER) and _in(one, language)]
    return [
        one
        for one in marks
        if _is(one, MarkKind.POLITE)
        and (_in(one, language) or not any(no.start <= one.start and one.end <= no.end for no in negations))
    ]


def _is(one: Found[Owner], *kinds: MarkKind) -> bool:
    return isinstance(one.owner, Mark) and one.owner.kind in kinds


def _in(one: Found[Owner], language: str) -> bool:
    return one.owner.language == language


def vetoed(found: tuple[Found[Owner], ...]) -> frozenset[str]:
    """The rules that something in the same sentence takes back."""
    return frozenset(one.owner.rule.id for one in found if isinstance(one.owner, Said) and one.owner.veto)


def covered(sentence: str, found: tuple[Found[Owner], ...] | list[Found[Owner]]) -> bool:
    """Whether nothing but commas stands outside of these."""
    left = list(sentence)
    for one in found:
        left[one.start : one.end] = " " * (one.end - one.start)
    return not "".join(left).replace(",", " ").strip()


def _short(one: Found[Owner]) -> bool:
    return one.end - one.start <= MAX_KEYWORD_CHARS


def _tag(path: str) -> str:
    """`lang/pt-BR/opt_out.toml` is in `pt-BR`; a rule file elsewhere is in no language."""
    parts = path.split("/")
    return parts[-2] if len(parts) >= 3 and parts[-3] == "lang" else ""


def _primary(path: str) -> str:
    return _primary_of(_tag(path))


def _primary_of(tag: str) -> str:
    return tag.partition("-")[0]


__all__ = ["SPOKEN", "Owner", "PhraseError", "Said", "Speech", "covered", "keywords", "polite_beside", "vetoed"]
