"""A run as people read it."""

from collections.abc import Sequence

from bot.cards.words import as_text, duration, one_line, status_words
from cli.client.output import facts, say, table
from core.views import ApprovalView, ExecutionView, StepView


def print_executions(views: Sequence[ExecutionView]) -> None:
    """One line a run."""
    rows = [
        (view.id, f"inc-{view.incident_number}", view.runbook, status_words(view.status, view.waiting_for))
        for view in views
    ]
    table(("run", "incident", "runbook", "status"), rows, whole=2)


def print_execution(view: ExecutionView) -> None:
    """A run with its steps, and what it waits for."""
    say(f"{view.runbook} v{view.runbook_version}, {status_words(view.status, view.waiting_for)}")
    facts(
        [
            ("run", view.id),
            ("incident", f"inc-{view.incident_number}"),
            ("asked by", _who(view)),
            ("parameters", _parameters(view)),
            ("asked at", f"{view.created_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("took", duration(view.started_at, view.finished_at)),
            ("error", view.error or ""),
        ]
    )
    say("")
    table(("step", "type", "status", "took", "error"), [_step(step) for step in view.steps])
    if view.approval is not None:
        say("")
        _print_gate(view.approval)


def _who(view: ExecutionView) -> str:
    if view.workflow is None:
        return view.requested_by
    return f"workflow {view.workflow}, {view.workflow_execution_id}"


def _parameters(view: ExecutionView) -> str:
    return " ".join(f"{name}={as_text(value)}" for name, value in view.parameters.items())


def _step(step: StepView) -> tuple[str, str, str, str, str]:
    took = duration(step.started_at, step.finished_at)
    return step.id, step.type, status_words(step.status), took, one_line(step.error or "")


def _print_gate(gate: ApprovalView) -> None:
    decided = sum(decision.approved for decision in gate.decisions)
    say(
        f"Needs {gate.count} approval{'s' if gate.count > 1 else ''}, has {decided}: {gate.approvers} may decide."
    )
    say(f"  runbook approve {gate.id}")
    say(f"  runbook reject {gate.id}")
