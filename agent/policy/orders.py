"""Orders of the operator: named, reasoned and obeyed; the only way to lift a complaint."""

from agent.model.mail import Door
from agent.model.plan import Plan
from agent.model.signal import Order, OrderKind
from agent.model.state import State
from agent.policy import states
from agent.policy.case import Case

ROW = "order"


def decide_order(order: Order, case: Case) -> Plan:
    """What one order does."""
    if not order.why.strip() or not order.by.strip():
        return Plan(row=ROW, reason="An order needs a why and a name: nothing was changed.")
    words = {state.value: state for state in State}
    if order.state and order.state not in words:
        return Plan(row=ROW, reason=f"There is no state called {order.state[:40]!r}: nothing was changed.")
    state = words.get(order.state)
    match order.kind:
        case OrderKind.SUPPRESS:
            return _suppress(order, state or State.OPT_OUT, case)
        case OrderKind.LIFT:
            return _lift(order, state, case)


def _suppress(order: Order, state: State, case: Case) -> Plan:
    if order.until is not None and order.until <= case.now:
        return Plan(row=ROW, reason="The end lies in the past: nothing was changed.")
    new = states.standing(
        state,
        case,
        row=ROW,
        evidence=order.evidence,
        reason=order.why.strip(),
        scope=order.scope,
        until=order.until,
        by=order.by.strip(),
    )
    after = states.put(case.state, new, case.now)
    words = f"{order.by} set {state.value}: {order.why}" if after is not case.state else "That stood already."
    return Plan(row=ROW, reason=words, states=states.changed(case.state, after))


def _lift(order: Order, state: State | None, case: Case) -> Plan:
    """By hand everything can be lifted, a complaint only by its name; through any other door never (policy row 11)."""
    wanted = set(State) - {State.COMPLAINT} if state is None else {state}
    if case.origin.door is not Door.OPERATOR:
        wanted.discard(State.COMPLAINT)
    after = states.lift(case.state, wanted, order.scope, order.batch)
    words = f"{order.by} lifted it: {order.why}" if after is not case.state else "There was nothing to lift."
    if state is None and any(standing.state is State.COMPLAINT for standing in after.standings):
        words += " A complaint stands; it is lifted only by its name."
    return Plan(row=ROW, reason=words, states=states.changed(case.state, after))
