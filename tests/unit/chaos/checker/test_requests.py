"""Rules about what was asked for."""

from dataclasses import replace

from chaos.checker.facts import Asked, Delivery, WorkflowExecution
from chaos.definitions import ON_ACKNOWLEDGED

from .world import RUN, WAITING, broken, execution, kept, plus, with_execution


def test_a_request_that_made_two_executions_is_a_violation() -> None:
    twin = execution("rbx_9", "waiting", tag=f"tag-{RUN}", waiting_for="verdict")
    assert "one_execution_a_request" in broken(plus(kept(), "executions", twin))


def test_a_request_whose_execution_is_lost_is_a_violation() -> None:
    assert "one_execution_a_request" in broken(plus(kept(), "asked", Asked("tag-lost", "rbx_lost")))


def test_a_request_that_was_never_acknowledged_may_have_no_execution() -> None:
    assert broken(plus(kept(), "asked", Asked("tag-lost", None))) == set()


def test_an_execution_that_somebody_was_told_of_and_is_lost_is_a_violation() -> None:
    assert broken(plus(kept(), "told", "rbx_lost")) == {"acknowledged_executions_exist"}


def test_an_incident_without_its_workflow_execution_is_a_violation() -> None:
    facts = with_execution(replace(kept(), workflows=[]), RUN, workflow_execution_id=None)
    assert broken(facts) == {"one_workflow_execution_an_incident"}


def test_a_workflow_that_ran_twice_for_an_incident_is_a_violation() -> None:
    twin = WorkflowExecution("wfx_2", "inc_1", "failed", None)
    assert "one_workflow_execution_an_incident" in broken(plus(kept(), "workflows", twin))


def test_a_workflow_that_started_two_runbooks_is_a_violation() -> None:
    facts = with_execution(kept(), WAITING, workflow_execution_id="wfx_1")
    assert "one_workflow_execution_an_incident" in broken(facts)


def test_a_delivery_that_was_answered_late_while_redis_was_away_is_a_violation() -> None:
    late = Delivery(1, 15.0, "slash_commands", "operation_timeout")
    facts = plus(replace(kept(), redis_away=[(10.0, 20.0)]), "deliveries", late)
    assert broken(facts) == {"slack_is_answered_without_redis"}
    assert broken(replace(facts, redis_away=[])) == set()


def test_an_acknowledgement_that_no_workflow_followed_or_two_did_is_a_violation() -> None:
    [first, *others] = kept().incidents
    facts = replace(kept(), incidents=[replace(first, status="acknowledged"), *others])
    assert broken(facts) == {"one_workflow_execution_an_acknowledgement"}
    followed = [
        WorkflowExecution(f"wfx_{number}0", first.id, "succeeded", None, {"name": ON_ACKNOWLEDGED})
        for number in range(2)
    ]
    assert broken(plus(facts, "workflows", followed[0])) == set()
    assert "one_workflow_execution_an_acknowledgement" in broken(
        replace(facts, workflows=[*facts.workflows, *followed])
    )
