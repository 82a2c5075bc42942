"""Freezes: what they stop, who may declare them, and where they hold a run."""

from dataclasses import replace

import pytest

from core.decisions.freeze import (
    FreezeInForce,
    begun_words,
    check_may_freeze,
    check_not_frozen,
    freeze_of,
    lifted_words,
)
from core.decisions.people import Person
from core.errors import Conflict, NotAllowed
from core.statuses import Role, Status, WaitingFor
from core.values.execution import Claimed, GateDecided, StepEnded, StepPrepared, Succeeded
from tests.unit.core.decisions.building import NOW, SAFE, after, at_gate, on_timer, pending, started

OWN, ALL = FreezeInForce("database", "Migration", "U1"), FreezeInForce(None, "Holidays", "U2")


def test_the_freeze_of_everything_is_named_first() -> None:
    assert freeze_of([OWN, ALL], "database") == ALL
    assert freeze_of([OWN], "database") == OWN
    assert freeze_of([OWN], "web") is None


def test_a_start_is_refused_with_the_reason_and_who() -> None:
    check_not_frozen([OWN], "web")
    with pytest.raises(Conflict, match="Team database is frozen by <@U1>: Migration"):
        check_not_frozen([OWN], "database")


@pytest.mark.parametrize(
    ("person", "team", "allowed"),
    [
        (Person("U1", is_platform_admin=True), None, True),
        (Person("U1", is_platform_admin=True), "web", True),
        (Person("U1", {"web": Role.ADMIN}), "web", True),
        (Person("U1", {"web": Role.ADMIN}), "database", False),
        (Person("U1", {"web": Role.ADMIN}), None, False),
        (Person("U1", {"web": Role.RESPONDER}), "web", False),
    ],
)
def test_admins_freeze_what_is_theirs(person: Person, team: str | None, allowed: bool) -> None:
    if allowed:
        check_may_freeze(person, team)
    else:
        with pytest.raises(NotAllowed):
            check_may_freeze(person, team)


def test_a_step_that_was_prepared_does_not_start() -> None:
    told = replace(after(pending(), Claimed()), frozen=True)
    over = after(told, StepPrepared({"url": "x"}))
    assert (over.status, over.waiting_for, over.wake_at) == (Status.WAITING, WaitingFor.FREEZE, None)
    assert over.steps[0].attempt == 0


def test_a_step_under_way_ends_and_the_next_does_not_start() -> None:
    over = after(replace(started(), frozen=True), StepEnded(Succeeded()), StepPrepared({}))
    assert [step.status for step in over.steps] == [Status.SUCCEEDED, Status.PENDING]
    assert over.waiting_for is WaitingFor.FREEZE


def test_a_repeatable_step_whose_worker_died_is_held_and_run_again_afterwards() -> None:
    over = after(replace(started(SAFE), frozen=True), Claimed())
    assert (over.waiting_for, over.steps[0].status) == (WaitingFor.FREEZE, Status.PENDING)
    again = after(replace(over, frozen=False), Claimed(), StepPrepared({}))
    assert (again.steps[0].status, again.steps[0].attempt) == (Status.RUNNING, 2)


def test_a_decided_gate_and_a_timer_hold_before_the_next_step() -> None:
    decided = after(replace(at_gate(), frozen=True), GateDecided(True, "<@U1>"), Claimed())
    timed = on_timer()
    assert timed.wake_at
    waited = after(replace(timed, frozen=True), Claimed(), now=timed.wake_at)
    for execution in (decided, waited):
        assert execution.steps[0].status is Status.SUCCEEDED
        assert execution.waiting_for is WaitingFor.FREEZE


def test_the_last_step_needs_nothing_to_start_so_the_run_ends() -> None:
    execution = replace(started(), frozen=True)
    only = replace(execution, steps=execution.steps[:1])
    assert after(only, StepEnded(Succeeded())).status is Status.SUCCEEDED


def test_nothing_begins_and_it_is_not_said_to_have_begun() -> None:
    over = after(replace(pending(), frozen=True), Claimed(), now=NOW)
    assert (over.started_at, over.waiting_for) == (None, WaitingFor.FREEZE)


def test_the_words_of_a_freeze_say_who_why_and_what_it_holds() -> None:
    assert begun_words(replace(OWN, reason="We\nmove")) == (
        "🧊 Team database is frozen by <@U1>: We move. "
        "Nothing starts until it is unfrozen; running executions are held before their next step."
    )
    assert begun_words(ALL).startswith("🧊 Everything is frozen by <@U2>: Holidays.")


def test_the_words_of_its_end_say_who_lifted_it_and_what_goes_on() -> None:
    lifted = "Team database is no longer frozen. <@U3> lifted the freeze by <@U1>: Migration."
    assert lifted_words(OWN, "U3", None) == f"▶️ {lifted} Held executions continue."
    assert lifted_words(OWN, "U3", ALL) == f"🧊 {lifted} Everything is still frozen by <@U2>: Holidays."
