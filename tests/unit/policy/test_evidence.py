"""Where the kind of proof decides: our signature proves once, and the junk folder needs more than a word."""

from dataclasses import replace

import pytest

from agent.model.signal import Signal, Strength
from agent.model.state import State
from agent.policy.decide import decide
from tests.unit.policy.cases import (
    E0,
    E1,
    E2,
    E3,
    NOW,
    SETTINGS,
    bounce,
    complaint,
    evidence,
    opt_out,
    origin,
    situation,
    start,
)

PROVEN = replace(bounce(E3), evidence=evidence(E3), own_signature=True)


def test_our_signature_on_the_returned_mail_proves_a_bounce_once() -> None:
    # hazard D1, D2
    plan = decide(PROVEN, situation(of_record=True), SETTINGS, NOW)
    assert plan.states[0].has(State.HARD, NOW)
    assert plan.uses_token
    again = decide(PROVEN, situation(of_record=True, token_used=True), SETTINGS, NOW)
    assert (again.states, again.uses_token) == ((), False)
    assert "does so once" in again.reason


@pytest.mark.parametrize("make", [opt_out, bounce, complaint, start])
@pytest.mark.parametrize("strength", [E0, E1, E2, E3])
def test_unproven_mail_of_the_junk_folder_is_only_recorded(make: object, strength: Strength) -> None:
    # hazard B15
    assert callable(make)
    signal: Signal = make(strength)
    plan = decide(signal, situation(origin=origin(junk=True), of_record=True), SETTINGS, NOW)
    assert (plan.row == "junk") is (strength < E2)
    if strength < E2:
        assert (plan.states, plan.effects) == ((), ())
