"""Why words were read as they were: every phrase that was found, its weight, and what stood around it."""

from collections.abc import Iterator

from agent.classify.order import classify
from agent.classify.spoken import hear
from agent.classify.weights import Request, Step
from agent.model.mail import ParsedMail, Role
from agent.model.proof import Proof
from agent.model.signal import kind_of
from agent.rules.catalog import Catalog


def explain(mail: ParsedMail, proof: Proof, role: Role | None, catalog: Catalog) -> tuple[Step, ...]:
    """The steps behind a reading, the verdict last. A step without points is a heading."""
    weighed = hear(mail, catalog).weighed
    found = [*weighed.requests, *weighed.refused]
    steps = [step for request in found for step in _of_request(request)]
    steps.extend(
        Step(name=f"verdict: {kind_of(signal)}", points=0, seen=f"{signal.address or '?'} by {signal.evidence.rule}")
        for signal in classify(mail, proof, role, catalog)
    )
    return tuple(steps)


def _of_request(request: Request) -> Iterator[Step]:
    yield Step(name=f"{request.kind.value}: {request.rule.id}", points=request.points, seen=request.excerpt)
    yield from request.steps
