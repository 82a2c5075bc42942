"""Rules about retries."""

from dataclasses import replace
from typing import Any

import pytest

from chaos.checker.facts import Call, Facts, Gate
from chaos.checker.promises import verdicts
from chaos.checker.rules.retries import retries_go_on_where_they_should

from .world import (
    RUN,
    STEPS,
    at,
    audit,
    broken,
    card,
    execution,
    kept,
    plus,
    steps,
    traces,
    unix,
    with_execution,
    with_step,
)

NEW = "rbx_9"
AGAIN = ("gate", "told")  # what the retry does itself


def retried(by: str = "U0RITA", **of_new: Any) -> Facts:
    """A run that was rejected at its gate, and its retry, which waits at the gate."""
    facts = with_execution(kept(), RUN, status="failed", workflow_execution_id=None)
    facts = with_step(facts, f"{RUN}.gate", status="failed")
    facts = with_step(facts, f"{RUN}.told", status="pending", attempt=0, started_at=None, finished_at=None)
    ended = audit(4, "runbook_execution.ended", RUN, "system", status="failed")
    facts = replace(facts, incidents=[], workflows=[], audit=[*facts.audit[:3], ended])
    shown = [each for each in facts.messages if each.card and not each.card.endswith((RUN, "inc_1"))]
    shown += [card(f"{name}.{RUN}", "failed") for name in ("headline", "outcome")]
    facts = replace(facts, messages=[*shown, card(f"headline.{NEW}", "waiting")])
    new = execution(NEW, "waiting", waiting_for="verdict", tag=f"tag-{RUN}", requested_by=by, retry_of=RUN)
    new = replace(new, created_at=at(60), started_at=at(60), **of_new)
    facts = plus(facts, "messages", card(f"verdict.{NEW}.3.1", "", "verdict.ran"))
    facts = replace(facts, harms=[(unix(70), unix(70))])
    carried = [replace(step, carried_over=step.id not in AGAIN) for step in steps(NEW, 3)]
    carried[3] = replace(carried[3], status="unknown", started_at=at(61))
    facts = plus(plus(facts, "executions", new), "steps", *carried)
    return plus(facts, "audit", audit(9, "runbook_execution.retried", NEW, by, **{"from": "gate", "of": RUN}))


def from_step(facts: Facts, step: str, gate: str = "skipped") -> Facts:
    """The audit trail says that it goes on from that step, and so it does. `gate`: as what its gate is carried over."""
    [*others, entry] = facts.audit
    facts = replace(facts, audit=[*others, replace(entry, details={"from": step, "of": RUN})])
    ids = [each["id"] for each in STEPS]
    for position, id_ in enumerate(ids):
        facts = with_step(facts, f"{NEW}.{id_}", carried_over=position < ids.index(step))
    times = {"started_at": at(30), "finished_at": at(39)}
    return with_step(facts, f"{NEW}.gate", status=gate, **times)


def test_a_run_may_be_retried_from_where_it_ended() -> None:
    assert broken(retried()) == set()
    counts = {verdict.sentence: verdict.checked for verdict in verdicts(retried(), [])}
    assert counts["retried twice, or repeated by a retry"] == 1


def test_two_retries_of_a_run_are_a_violation() -> None:
    facts = retried()
    twin = replace(facts.executions[-1], id="rbx_10")
    assert "one_retry_a_run" in broken(plus(facts, "executions", twin))


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"parameters": {"tag": "another"}},
        {"runbook": "another"},
        {"created_at": at(45)},
    ],
)
def test_a_retry_of_another_version_or_too_early_is_a_violation(changes: dict[str, Any]) -> None:
    assert broken(with_execution(retried(), NEW, **changes)) == {"what_did_not_succeed_is_retried"}


def test_a_retry_of_what_succeeded_is_a_violation() -> None:
    assert "what_did_not_succeed_is_retried" in broken(with_execution(retried(), RUN, status="succeeded"))


def test_a_step_that_was_carried_over_and_called_is_a_violation() -> None:
    again = Call(unix(61), f"{NEW}.act", "ok", "1", effect=True)
    assert broken(plus(retried(), "calls", again)) == {"what_is_carried_over_is_not_done_again"}


def test_a_command_that_was_carried_over_and_ran_is_a_violation() -> None:
    assert "what_is_carried_over_is_not_done_again" in broken(plus(retried(), "traces", *traces(NEW)))


@pytest.mark.parametrize("changes", [{"status": "failed"}, {"attempt": 2}, {"output": {"another": True}}])
def test_a_step_that_was_carried_over_and_changed_is_a_violation(changes: dict[str, Any]) -> None:
    facts = with_step(retried(), f"{NEW}.safe", **changes)
    assert "what_is_carried_over_is_not_done_again" in broken(facts)


def test_a_responder_who_goes_on_from_elsewhere_is_a_violation() -> None:
    assert broken(from_step(retried(), "told")) == {"retries_go_on_where_they_should"}


def test_the_gate_that_a_retry_goes_on_from_may_be_approved_and_then_asked_again() -> None:
    facts = plus(retried(), "gates", Gate("apr_9", NEW, 3, "void", 1, "U0RITA", at(600), at(65)))
    assert not list(retries_go_on_where_they_should(facts))


def test_a_gate_that_nobody_approved_is_not_gone_around() -> None:
    facts = from_step(retried("U0ANNA"), "told")
    facts = with_step(facts, f"{NEW}.gate", carried_over=False)
    assert list(retries_go_on_where_they_should(facts))
    assert not list(retries_go_on_where_they_should(with_step(facts, f"{RUN}.gate", status="succeeded")))


def test_an_admin_may_go_on_from_elsewhere() -> None:
    assert broken(from_step(retried("U0ANNA"), "told")) == set()


def test_a_step_that_may_fail_is_passed() -> None:
    definition = [*STEPS[:3], {**STEPS[3], "on_failure": "continue"}, STEPS[4]]
    facts = from_step(retried(), "told", gate="failed")
    for each in (RUN, NEW):
        facts = with_execution(facts, each, frozen={"steps": definition}, published={"steps": definition})
    assert broken(facts) == set()


def test_a_retry_that_goes_on_from_elsewhere_than_is_recorded_is_a_violation() -> None:
    facts = retried("U0ANNA")
    [*others, entry] = facts.audit
    entry = replace(entry, details={"from": "told"})
    assert broken(replace(facts, audit=[*others, entry])) == {"retries_go_on_where_they_should"}


def test_a_retry_that_leaves_a_hole_is_a_violation() -> None:
    facts = with_step(retried("U0ANNA"), f"{NEW}.act", carried_over=False)
    assert "retries_go_on_where_they_should" in broken(facts)


def test_a_retry_that_is_not_recorded_is_a_violation() -> None:
    facts = retried()
    assert "requests_are_recorded" in broken(replace(facts, audit=facts.audit[:-1]))


def test_a_message_that_was_carried_over_is_not_said_again() -> None:
    said = plus(retried(), "messages", card("", text=f"tag-{RUN} came to told"))
    assert broken(said) == {"message_steps_speak_once"}


def test_what_runs_again_on_an_old_approval_is_a_violation() -> None:
    facts = from_step(retried("U0ANNA"), "told", gate="succeeded")
    assert "what_runs_again_is_asked_for_again" in broken(facts)
    assert "what_runs_again_is_asked_for_again" not in broken(from_step(retried("U0ANNA"), "told"))
