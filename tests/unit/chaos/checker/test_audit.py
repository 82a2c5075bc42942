"""Rules about the audit trail."""

from chaos.checker.facts import Audit

from .world import RUN, audit, broken, kept, minus, plus


def entries(action: str) -> list[Audit]:
    return [entry for entry in kept().audit if entry.action == action]


def test_a_request_that_is_not_recorded_is_a_violation() -> None:
    facts = minus(kept(), "audit", entries("runbook_execution.requested")[:1])
    assert broken(facts) == {"requests_are_recorded"}


def test_an_ending_that_is_recorded_twice_is_a_violation() -> None:
    again = audit(9, "runbook_execution.ended", RUN, "system", status="succeeded")
    assert broken(plus(kept(), "audit", again)) == {"endings_are_recorded"}


def test_an_ending_that_is_recorded_otherwise_is_a_violation() -> None:
    facts = minus(kept(), "audit", entries("runbook_execution.ended"))
    other = audit(9, "runbook_execution.ended", RUN, "system", status="failed")
    assert broken(plus(facts, "audit", other)) == {"endings_are_recorded"}


def test_a_decision_that_is_not_recorded_is_a_violation() -> None:
    assert broken(minus(kept(), "audit", entries("approval.approved"))) == {"decisions_are_recorded"}


def test_a_recorded_decision_that_is_not_there_is_a_violation() -> None:
    facts = plus(kept(), "audit", audit(9, "approval.rejected", "apr_1", "U0ABEL"))
    assert broken(facts) == {"decisions_are_recorded"}


def test_a_run_that_succeeded_after_its_cancel_is_a_violation() -> None:
    facts = plus(kept(), "audit", audit(9, "runbook_execution.cancelled", RUN))
    assert "cancels_are_recorded" in broken(facts)


def test_a_verdict_that_nobody_asked_for_is_a_violation() -> None:
    facts = plus(kept(), "audit", audit(9, "verdict.ran", RUN, step=0))
    assert "verdicts_are_recorded" in broken(facts)
