"""From weighed requests to what a person wants: parts that belong together are joined, what contradicts is settled."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from agent.classify import times
from agent.classify.weights import LIKELY, SURE, Request, Step, Weighed
from agent.model.signal import OptOutReason
from agent.rules.schema import Kind
from agent.rules.speech import Speech
from agent.rules.words import Mark, MarkKind

KEEPING = Step(name="a part is wanted", points=4)
MAX_TOPIC = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One thing that is wanted, by its best evidence."""

    kind: Kind
    request: Request
    reason: OptOutReason | None = None
    topic: str = ""
    until: datetime | None = None
    interval_days: int | None = None


def understand(weighed: Weighed, speech: Speech, written: datetime | None) -> tuple[Wish, ...]:
    """The wishes of one text, each kind once; empty when nothing was asked for."""
    if not weighed.requests:
        return ()
    requests = _settled(_with_parts(weighed, speech, written), weighed)
    best: dict[Kind, Request] = {}
    for request in requests:
        if request.kind not in best or _rank(request) > _rank(best[request.kind]):
            best[request.kind] = request
    reason = _reason(weighed)
    return tuple(_wish(request, weighed, speech, written, reason) for request in best.values())


def _rank(request: Request) -> tuple[int, int, bool]:
    """The weightiest, then what says most or names its topic best; a word of all languages counts as English."""
    topic = request.found.slot("topic")
    length = -len(topic) if topic else request.found.end - request.found.start
    return request.points, length, request.language == "en"


def _with_parts(weighed: Weighed, speech: Speech, written: datetime | None) -> list[Request]:
    """An opt-out until a day is a pause; an opt-out that keeps something is one of a topic."""
    requests: list[Request] = []
    for request in weighed.requests:
        if request.kind is Kind.UNSUBSCRIBE and _limit(request, weighed, speech, written, here=True):
            request = as_kind(request, Kind.PAUSE)
        elif request.kind is Kind.TOPIC and _keeps(weighed, request):
            request = replace(request, steps=(*request.steps, KEEPING))
        if request.kind not in (Kind.REASON, Kind.JUNK, Kind.AUTOREPLY):
            requests.append(request)
    return requests


def as_kind(request: Request, kind: Kind) -> Request:
    """The same words, taken for a request of another kind."""
    rule = request.rule
    yields = type(rule.yields)(kind=kind, scope=rule.yields.scope)
    changed = type(rule)(id=rule.id, stage=rule.stage, yields=yields, samples=rule.samples, confidence=rule.confidence)
    return replace(request, rule=changed)


def _settled(requests: list[Request], weighed: Weighed) -> list[Request]:
    """What one wish says of another in the same text."""
    kinds = {request.kind for request in requests if request.points >= SURE}
    gone: set[Kind] = set()
    if Kind.PAUSE in kinds:
        gone |= {Kind.RESUBSCRIBE}
    if Kind.RESUBSCRIBE in kinds - gone and not _as_sure(requests, Kind.UNSUBSCRIBE, Kind.RESUBSCRIBE):
        gone |= {Kind.UNSUBSCRIBE, Kind.TOPIC, Kind.FREQUENCY}
    if Kind.TOPIC in kinds and _kept(requests, weighed):
        gone |= {Kind.UNSUBSCRIBE}
    elif any(request.kind is not Kind.TOPIC and request.points >= LIKELY for request in requests):
        gone |= {Kind.TOPIC}
    if Kind.UNSUBSCRIBE in kinds - gone:
        gone |= {Kind.PAUSE} if Kind.PAUSE not in kinds else set()
    if kinds & {Kind.FREQUENCY, Kind.PAUSE}:
        gone |= {Kind.UNSUBSCRIBE} - kinds
    return [request for request in requests if request.kind not in gone]


def _as_sure(requests: list[Request], one: Kind, other: Kind) -> bool:
    points = {kind: max((r.points for r in requests if r.kind is kind), default=0) for kind in (one, other)}
    return points[one] >= SURE and points[one] > points[other]


def _kept(requests: list[Request], weighed: Weighed) -> bool:
    topics = [request for request in requests if request.kind is Kind.TOPIC]
    return any(
        request.points >= SURE and (_keeps(weighed, request) or not _rival(request, requests)) for request in topics
    )


def _rival(topic: Request, requests: list[Request]) -> bool:
    return any(request.kind is Kind.UNSUBSCRIBE and request.points >= topic.points for request in requests)


def _keeps(weighed: Weighed, request: Request) -> bool:
    return any(True for _ in weighed.marks(MarkKind.KEEP, request.language))


def _wish(
    request: Request, weighed: Weighed, speech: Speech, written: datetime | None, reason: OptOutReason | None
) -> Wish:
    stated = OptOutReason(request.rule.yields.reason) if request.rule.yields.reason else reason
    wish = Wish(kind=request.kind, request=request, reason=stated)
    if request.kind is Kind.TOPIC:
        return replace(wish, topic=_topic(request))
    if request.kind is Kind.PAUSE:
        limit = _limit(request, weighed, speech, written, here=False)
        return replace(wish, until=limit)
    if request.kind is Kind.FREQUENCY:
        return replace(wish, interval_days=_interval(request, weighed))
    return wish


def _topic(request: Request) -> str:
    return request.found.slot("topic").replace(" , ", ", ")[:MAX_TOPIC]


def _reason(weighed: Weighed) -> OptOutReason | None:
    """The reason with the most weight; a person who left needs none."""
    reasons = [one for one in weighed.requests if one.kind is Kind.REASON]
    best = max(reasons, key=lambda one: one.points, default=None)
    if best is not None:
        return OptOutReason(best.rule.yields.reason)
    gone = any(one.kind is Kind.GONE and one.points >= LIKELY for one in weighed.requests)
    return OptOutReason.LEFT_COMPANY if gone else None


def _limit(
    request: Request, weighed: Weighed, speech: Speech, written: datetime | None, *, here: bool
) -> datetime | None:
    """The first time that can be read, in the sentence of the request or (not `here`) anywhere."""
    return next(_limits(weighed, speech, written, request.sentence if here else None), None)


def _limits(weighed: Weighed, speech: Speech, written: datetime | None, only: int | None) -> Iterator[datetime]:
    """Times in whichever language can read them: neighbours share their words, not their months."""
    if written is None:
        return
    readers: tuple[tuple[MarkKind, str, Callable[..., datetime | None]], ...] = (
        (MarkKind.UNTIL, "date", times.until),
        (MarkKind.LASTING, "span", times.after),
    )
    for kind, slot, read in readers:
        for number, mark in weighed.marks(kind):
            if (only is None or number == only) and isinstance(mark.owner, Mark):
                when = read(mark.slot(slot), speech.calendars(mark.owner.language), written)
                if when is not None and when > written:
                    yield when


def _interval(request: Request, weighed: Weighed) -> int | None:
    """The longest interval named beside the request, else anywhere."""
    found = [
        (number == request.sentence, mark.end - mark.start, mark.owner.value)
        for number, mark in weighed.marks(MarkKind.INTERVAL)
        if isinstance(mark.owner, Mark)
    ]
    return max(found)[2] if found else None


def limit_of(weighed: Weighed, speech: Speech, written: datetime | None) -> datetime | None:
    """Until when somebody is away."""
    return next(_limits(weighed, speech, written, None), None)
