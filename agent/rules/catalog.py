"""Rule files to one checked catalogue: a file that is wrong is named with its entry, its field and the nearest name."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

import msgspec
import tomli

from agent.model.signal import MAX_EXCERPT, BounceReason, OptOutReason
from agent.rules.match import Hit, Matcher, PatternError, pattern_of
from agent.rules.ngrams import Ngrams
from agent.rules.reply_words import NO_WORDS, ReplyWords
from agent.rules.schema import Kind, Reporter, Rule, Stage, Status, Yields
from agent.rules.speech import SPOKEN, PhraseError, Speech
from agent.rules.words import WordsError

# Where rule files lie below agent/data, or below an operator's own directory.
RULE_FILES = (
    "bounce/*.toml", "complaint/*.toml", "lang/*/opt_out.toml", "lang/*/wishes.toml", "lang/*/people.toml",
    "lang/*/auto_reply.toml", "lang/*/words.toml", "lang/*/bounce.toml", "public_mail.toml",
)  # fmt: skip
_WORDS_FILE, _PUBLIC_MAIL_FILE = "words.toml", "public_mail.toml"

_NOTICES = frozenset({Kind.BOUNCE, Kind.DELAY, Kind.AUTOREPLY})
_KINDS: Mapping[Stage, frozenset[Kind]] = {
    Stage.KEYWORD: frozenset({Kind.UNSUBSCRIBE, Kind.RESUBSCRIBE, Kind.PAUSE, Kind.FREQUENCY}),
    Stage.CLIENT: frozenset({Kind.UNSUBSCRIBE}),
    Stage.WORDING: frozenset(Kind) - {Kind.BOUNCE, Kind.DELAY},
    Stage.AUTO_REPLY: frozenset({Kind.AUTOREPLY}),
    Stage.BOUNCE_TEXT: frozenset({Kind.BOUNCE, Kind.AUTOREPLY}),
    Stage.NOTICE_SENDER: frozenset({Kind.BOUNCE}),
    Stage.NOTICE_SUBJECT: _NOTICES,
    Stage.NOTICE_TEXT: _NOTICES,
}
_REASONS: Mapping[Kind, type[Enum]] = {
    Kind.BOUNCE: BounceReason,
    Kind.UNSUBSCRIBE: OptOutReason,
    Kind.REASON: OptOutReason,
}
_NEVER_A_FAILURE = ("", "undefined", "delivered", "feedback", "vacation")  # POLICY.md table 1a, last line
_TABLES = ("rule", "status", "reporter")
_AT_FIELD = re.compile(r" - at `\$\.?(.*)`$")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")

Entry = TypeVar("Entry", Rule, Status, Reporter)


class RuleError(ValueError):
    """A rule file that cannot be used; the message names file, entry and field."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Catalog:
    """Every rule, ready to be held against texts. `statuses` by code, `reporters` by signing domain."""

    rules: tuple[Rule, ...]
    statuses: Mapping[str, Status]
    reporters: Mapping[str, Reporter]
    matchers: Mapping[Stage, Matcher]
    speech: Speech  # the stages that people's own words are held against
    public_mail: frozenset[str] = frozenset()  # domains where anybody has a mailbox
    reply_words: ReplyWords = NO_WORDS  # what people answer to our letters
    ngrams: Ngrams | None = None  # how texts that are written so were meant

    def find(self, stage: Stage, text: str) -> tuple[Hit, ...]:
        """The rules of one stage that match a text, in the order of their files."""
        matcher = self.matchers.get(stage)
        if matcher is not None:
            return matcher.find(text)
        shown = " ".join(text.split())[:MAX_EXCERPT]
        return tuple(Hit(rule=rule, show=lambda: shown) for rule in self.speech.hits(stage, text))


def build(texts: Mapping[str, str]) -> Catalog:
    """The catalogue of these files (path to TOML text); RuleError on the first that is wrong."""
    rules: dict[str, Rule] = {}
    statuses: dict[str, Status] = {}
    reporters: dict[str, Reporter] = {}
    spoken: dict[str, tuple[Rule, ...]] = {}
    for path in sorted(texts):
        if path.endswith((_WORDS_FILE, _PUBLIC_MAIL_FILE)):
            continue
        tables = _tables(path, texts[path])
        for rule in _entries(path, "rule", tables, Rule):
            _check(path, rule)
            _add(path, rules, rule.id, rule)
            if rule.stage in SPOKEN:
                spoken[path] = (*spoken.get(path, ()), rule)
        for status in _entries(path, "status", tables, Status):
            if not _STATUS.fullmatch(status.code):
                raise RuleError(f"{path}: status {status.code!r}: field `code`: want a code like 5.1.1")
            _add(path, statuses, status.code, status)
        for reporter in _entries(path, "reporter", tables, Reporter):
            _add(path, reporters, reporter.signer.lower(), reporter)
    return Catalog(
        rules=tuple(rules.values()),
        statuses=MappingProxyType(statuses),
        reporters=MappingProxyType(reporters),
        matchers=MappingProxyType(
            {
                stage: Matcher(stage, tuple(r for r in rules.values() if r.stage is stage))
                for stage in Stage
                if stage not in SPOKEN
            }
        ),
        speech=_speech(spoken, {path: text for path, text in texts.items() if path.endswith(_WORDS_FILE)}),
        public_mail=frozenset().union(
            *(_domains(path, text) for path, text in texts.items() if path.endswith(_PUBLIC_MAIL_FILE))
        ),
    )


def _speech(rules: Mapping[str, tuple[Rule, ...]], words: Mapping[str, str]) -> Speech:
    try:
        return Speech(rules, words)
    except (PhraseError, WordsError) as error:
        raise RuleError(str(error)) from error


def _domains(path: str, text: str) -> frozenset[str]:
    try:
        return frozenset(name.lower() for name in msgspec.convert(tomli.loads(text)["domains"], tuple[str, ...]))
    except (tomli.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise RuleError(f"{path}: want `domains`, a list of names: {error}") from error


def _tables(path: str, text: str) -> dict[str, object]:
    try:
        tables: dict[str, object] = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise RuleError(f"{path}: {error}") from error
    for name in tables:
        if name not in _TABLES:
            raise RuleError(f"{path}: unknown table `{name}`{_nearest(name, _TABLES)}")
    return tables


def _entries(path: str, table: str, tables: dict[str, object], kind: type[Entry]) -> Iterator[Entry]:
    entries = tables.get(table, [])
    if not isinstance(entries, list):
        raise RuleError(f"{path}: `{table}`: write [[{table}]], it is a list")
    for number, entry in enumerate(entries, start=1):
        yield _convert(f"{path}: {table} {_label(entry, number)}", entry, kind)


def _label(entry: object, number: int) -> str:
    """How an error calls an entry: by its own name, else by its place in the file."""
    named = isinstance(entry, dict) and (entry.get("id") or entry.get("code"))
    return repr(named) if named else f"number {number}"


def _convert(where: str, entry: object, kind: type[Entry]) -> Entry:
    _known_fields(where, "", entry, kind.__struct_fields__)
    if kind is Rule and isinstance(entry, dict):
        _known_fields(where, "yields.", entry.get("yields"), Yields.__struct_fields__)
    try:
        return msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        found = _AT_FIELD.search(message)
        field = f" field `{found[1]}`:" if found and found[1] else ""
        raise RuleError(f"{where}:{field} {_AT_FIELD.sub('', message)}{_nearest_word(message)}") from error


def _known_fields(where: str, prefix: str, entry: object, fields: tuple[str, ...]) -> None:
    for name in entry if isinstance(entry, dict) else ():
        if name not in fields:
            raise RuleError(f"{where}: unknown field `{prefix}{name}`{_nearest(str(name), fields)}")


def _check(path: str, rule: Rule) -> None:
    """What types cannot say."""
    where = f"{path}: rule {rule.id!r}"
    if bool(rule.phrases) == bool(rule.pattern):
        raise RuleError(f"{where}: field `phrases`: give either `phrases` or `pattern`")
    if not rule.samples:
        raise RuleError(f"{where}: field `samples`: a rule without a sample cannot be tested")
    if rule.yields.kind not in _KINDS[rule.stage]:
        allowed = ", ".join(sorted(kind.value for kind in _KINDS[rule.stage]))
        raise RuleError(f"{where}: field `yields.kind`: stage {rule.stage.value} yields {allowed}")
    _check_reason(where, rule)
    if rule.stage in SPOKEN:
        if rule.pattern:
            raise RuleError(f"{where}: field `pattern`: stage {rule.stage.value} wants `phrases`")
        return
    try:
        pattern_of(rule)
    except PatternError as error:
        raise RuleError(f"{where}: field `{'phrases' if rule.phrases else 'pattern'}`: {error}") from error


def _check_reason(where: str, rule: Rule) -> None:
    words = tuple(reason.value for reason in _REASONS.get(rule.yields.kind, ()))
    reason = rule.yields.reason
    if reason and reason not in words:
        raise RuleError(f"{where}: field `yields.reason`: unknown reason `{reason}`{_nearest(reason, words)}")
    if rule.stage is Stage.BOUNCE_TEXT and rule.yields.kind is Kind.BOUNCE and reason in _NEVER_A_FAILURE:
        raise RuleError(f"{where}: field `yields.reason`: a bounce rule names what went wrong")


def _add(path: str, held: dict[str, Entry], key: str, entry: Entry) -> None:
    if key in held:
        raise RuleError(f"{path}: {type(entry).__name__.lower()} {key!r}: field `id`: occurs twice")
    held[key] = entry


def _nearest(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f", did you mean `{close[0]}`?" if close else ""


def _nearest_word(message: str) -> str:
    """For a wrong enum word: the nearest right one."""
    found = re.match(r"Invalid enum value '([^']*)'", message)
    known = tuple(word.value for kind in (Stage, Kind, BounceReason) for word in kind)
    return _nearest(found[1], known) if found else ""
