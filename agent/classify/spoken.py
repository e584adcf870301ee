"""What a person wrote in his own words, as signals: one for each wish and each address it is about."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from agent.classify.addresses_named import Target, targets
from agent.classify.evidence import TO_MANY, answerable, clipped, from_sender
from agent.classify.keywords import says_nothing
from agent.classify.sentences import sentences
from agent.classify.swayed import swayed
from agent.classify.understand import Wish, understand
from agent.classify.weigh import weigh
from agent.classify.weights import CONTEXT, Request, Weighed
from agent.mail.thread import answers, written_at
from agent.model.mail import ParsedMail
from agent.model.proof import Proof
from agent.model.signal import (
    Confidence,
    Evidence,
    Manner,
    OptOut,
    OptOutReason,
    Preference,
    PreferenceKind,
    Privacy,
    PrivacyKind,
    Resubscribe,
    Signal,
)  # fmt: skip
from agent.rules.catalog import Catalog
from agent.rules.lookalike import in_latin, other_layout
from agent.rules.normal import normalised
from agent.rules.schema import Kind, Stage

MAX_TYPED = 40  # letters: longer texts on the wrong keyboard are noticed by their writers
_IN_NAMES = re.compile(r"[<@._+-]")

_ASKED = frozenset(Kind) - {Kind.REASON, Kind.JUNK, Kind.AUTOREPLY, Kind.GONE}
# What stands beside likely words and keeps silence from deciding (policy row 20).
_POSSIBLE = frozenset({"such texts may mean it", "such texts are often replies"})
_DOUBTS = CONTEXT | _POSSIBLE | {"such texts often mean it"}
_MANNERS = {Kind.COMPLAINT: Manner.COMPLAINT_WORDS, Kind.GONE: Manner.PERSON_GONE}
_PREFERENCES = {
    Kind.TOPIC: PreferenceKind.TOPIC,
    Kind.PAUSE: PreferenceKind.PAUSE,
    Kind.FREQUENCY: PreferenceKind.FREQUENCY,
}
_PRIVACY = {Kind.ERASE: PrivacyKind.ERASE, Kind.ACCESS: PrivacyKind.ACCESS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the own words (or, without any, the Subject) say, weighed and understood."""

    weighed: Weighed
    wishes: tuple[Wish, ...]
    written: datetime | None

    def says(self, *kinds: Kind) -> bool:
        """Whether one of these was said in so many words."""
        return any(one.kind in kinds and one.confidence is Confidence.SURE for one in self.weighed.requests)


def hear(mail: ParsedMail, catalog: Catalog) -> Heard:
    """Read the own words; a Subject that is a keyword counts where the text adds nothing to it."""
    written = written_at(mail.headers)
    to_many = not TO_MANY.isdisjoint(mail.automatic)
    heard = _heard(mail.own_text, catalog, written, to_many, mail.headers.first("From"))
    if not heard.weighed.requests and _short_text(mail.own_text):
        subject = _heard(mail.subject, catalog, written) if says_nothing(heard.weighed) else None
        if subject is not None and _counts(subject, mail):
            return subject
        if (typed := _typed(mail.own_text, catalog, written)) is not None:
            return typed
    return heard if to_many else _with_opinion(heard, catalog, answer=answers(mail))


def _counts(subject: Heard, mail: ParsedMail) -> bool:
    """Whether the Subject is what was meant, where the text below it says nothing."""
    if any(one.rule.stage is Stage.KEYWORD for one in subject.weighed.requests):
        return True
    return bool(subject.wishes) and not mail.own_text.strip() and not mail.subject_repeated


def _heard(text: str, catalog: Catalog, written: datetime | None, to_many: bool = False, author: str = "") -> Heard:
    weighed = weigh(sentences(text, catalog.speech.abbreviations), catalog.speech, to_many)
    if any(one.rule.stage is Stage.KEYWORD for one in weighed.requests):
        names = normalised(_IN_NAMES.sub(" ", author.rpartition("@")[0]))
        weighed = replace(weighed, requests=tuple(one for one in weighed.requests if not _is_name(one, weighed, names)))
    wishes = understand(weighed, catalog.speech, written)
    return Heard(weighed=weighed, wishes=wishes, written=written)


def _with_opinion(heard: Heard, catalog: Catalog, *, answer: bool) -> Heard:
    """The language model learned from answers of persons, so it is asked about nothing else."""
    if catalog.ngrams is None:
        return heard
    weighed = swayed(heard.weighed, heard.wishes, catalog.ngrams, answer=answer)
    if weighed.requests == heard.weighed.requests:
        return replace(heard, weighed=weighed)
    return replace(heard, weighed=weighed, wishes=understand(weighed, catalog.speech, heard.written))


def _is_name(request: Request, weighed: Weighed, names: str) -> bool:
    """Huy and Dung are keywords without their accents, and persons who sign with their names."""
    if request.rule.stage is not Stage.KEYWORD:
        return False
    at = request.sentence
    said = weighed.sentences[at].words[request.found.start : request.found.end].strip()
    closed = at > 1 and at == len(weighed.sentences) - 1 and weighed.sentences[at - 1].text.endswith(",")
    return f" {said} " in names or (closed and weighed.sentences[at].text == said.title())  # "Dear ..., thanks, Alta"


def _typed(text: str, catalog: Catalog, written: datetime | None) -> Heard | None:
    """A keyword typed on the other keyboard layout, or in letters that only look like Latin ones."""
    said = text.strip()
    if not 0 < len(said) <= MAX_TYPED:
        return None
    for other in filter(None, (other_layout(said), "" if said.isascii() else in_latin(said.lower()))):
        heard = _heard(other, catalog, written)
        if any(one.rule.stage is Stage.KEYWORD for one in heard.weighed.requests):
            return heard
    return None


def _short_text(text: str) -> bool:
    return len(text) <= 4 * MAX_TYPED


def asks(heard: Heard) -> bool:
    """Whether something was asked for in so many words."""
    return heard.says(*_ASKED)


def signals(mail: ParsedMail, proof: Proof, heard: Heard, catalog: Catalog) -> tuple[Signal, ...]:
    """The wishes as signals, those that a weightier one includes left out."""
    wishes = heard.wishes
    if heard.says(Kind.GONE):  # "he died, do not write any more": the fact says why, and all that is asked
        wishes = tuple(wish for wish in wishes if wish.kind is not Kind.UNSUBSCRIBE)
    kinds = {wish.kind for wish in wishes if not _any_step(wish, _POSSIBLE)}
    return tuple(
        _signal(mail, proof, wish, target)
        for wish in wishes
        if not _included(wish.kind, kinds)
        for target in _targets(mail, proof, wish, heard, catalog)
    )


def _targets(mail: ParsedMail, proof: Proof, wish: Wish, heard: Heard, catalog: Catalog) -> tuple[Target, ...]:
    """Who is gone may be named only in the request that follows: "Chris has left. Remove chris@buyer.example"."""
    requests = [wish.request]
    if wish.kind is Kind.GONE:
        requests += [other.request for other in heard.wishes if other.kind is Kind.UNSUBSCRIBE]
    found = [targets(mail, proof, request, heard.weighed, catalog.public_mail) for request in requests]
    return next((some for some in found if any(target.named for target in some)), found[0])


def _included(kind: Kind, kinds: set[Kind]) -> bool:
    """An opt-out of all says everything that less mail, a topic or "he left" says."""
    if kind is Kind.UNSUBSCRIBE:
        return Kind.COMPLAINT in kinds
    less = kind in (*_PREFERENCES, Kind.GONE, Kind.RESUBSCRIBE)
    return less and not kinds.isdisjoint({Kind.UNSUBSCRIBE, Kind.COMPLAINT, Kind.ERASE})


def _signal(mail: ParsedMail, proof: Proof, wish: Wish, target: Target) -> Signal:
    evidence = _evidence(mail, proof, wish, target)
    may = answerable(mail)
    kind = wish.kind
    if kind in _PRIVACY:
        return Privacy(address=target.address, evidence=evidence, answerable=may, kind=_PRIVACY[kind])
    if kind in _PREFERENCES:
        return Preference(
            address=target.address,
            evidence=evidence,
            answerable=may,
            kind=_PREFERENCES[kind],
            scope=f"topic:{wish.topic or 'unnamed'}" if kind is Kind.TOPIC else "all",
            until=wish.until,
            interval_days=wish.interval_days,
            reason=wish.reason,
        )
    if kind is Kind.RESUBSCRIBE:
        return Resubscribe(address=target.address, evidence=evidence, answerable=may)
    manner = Manner.KEYWORD if wish.request.rule.stage is Stage.KEYWORD else Manner.WORDING
    return OptOut(
        address=target.address,
        evidence=evidence,
        answerable=may,
        manner=_MANNERS.get(kind, manner),
        scope=wish.request.rule.yields.scope,
        reason=_reason(wish),
        doubtful=_any_step(wish, _DOUBTS),
        possible=_any_step(wish, _POSSIBLE),
    )


def _any_step(wish: Wish, names: frozenset[str]) -> bool:
    return any(step.name in names for step in wish.request.steps)


def _reason(wish: Wish) -> OptOutReason | None:
    if wish.kind is Kind.GONE:
        return OptOutReason.LEFT_COMPANY
    return wish.reason or (OptOutReason.COMPLAINT_WORDS if wish.kind is Kind.COMPLAINT else None)


def _evidence(mail: ParsedMail, proof: Proof, wish: Wish, target: Target) -> Evidence:
    request = wish.request
    sure = request.confidence is Confidence.SURE and target.sure and not (wish.kind is Kind.TOPIC and not wish.topic)
    rule = f"{request.rule.stage.value}:{request.rule.id}"
    return from_sender(
        proof,
        f"named:{rule}" if target.named else rule,
        clipped(request.excerpt),
        confidence=Confidence.SURE if sure else Confidence.LIKELY,
    )


__all__ = ["Heard", "asks", "hear", "signals"]
