"""Print runs in the terminal."""

from collections.abc import Mapping, Sequence

from bot.cards.changes import request_text
from bot.cards.words import as_text, duration, one_line, status_words, visible
from bot.commands.usage import usage_of
from cli.client.output import facts, say, table
from core.decisions.gates import SHORTEST_DIGEST
from core.views.executions import ApprovalView, ExecutionView, InputView, ShownStepView, StepView


def print_executions(views: Sequence[ExecutionView]) -> None:
    """Print one line per run."""
    rows = [
        (view.id, f"inc-{view.incident_number}", view.runbook, status_words(view.status, view.waiting_for))
        for view in views
    ]
    table(("run", "incident", "runbook", "status"), rows, whole=2)


def print_execution(view: ExecutionView) -> None:
    """Print a run with its steps and what it waits for."""
    say(f"{view.runbook} v{view.runbook_version}, {status_words(view.status, view.waiting_for)}")
    facts(
        [
            ("run", view.id),
            ("incident", f"inc-{view.incident_number}"),
            ("requested by", _requester(view)),
            ("parameters", _assigned(view.parameters)),
            ("values", _assigned(view.values or {})),
            ("requested at", f"{view.created_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("took", duration(view.started_at, view.finished_at)),
            ("error", view.error or ""),
        ]
    )
    say("")
    table(("step", "type", "status", "took", "error"), [_step(step) for step in view.steps])
    if view.approval is not None:
        say("")
        _print_gate(view.approval)
    if view.input is not None:
        say("")
        _print_input(view.input)


def _requester(view: ExecutionView) -> str:
    if view.workflow is None:
        return view.requested_by
    return f"workflow {view.workflow}, {view.workflow_execution_id}"


def _assigned(values: Mapping[str, object]) -> str:
    return " ".join(f"{name}={as_text(value)}" for name, value in values.items())


def _step(step: StepView) -> tuple[str, str, str, str, str]:
    took = duration(step.started_at, step.finished_at)
    return step.id, step.type, status_words(step.status), took, one_line(step.error or "")


def _print_gate(gate: ApprovalView) -> None:
    decided = sum(decision.approved for decision in gate.decisions)
    if gate.asked_again:
        say(f"Approval needed again: {gate.asked_again}")
    say(f"{decided} of {gate.count} approval{'s' if gate.count > 1 else ''}. May decide: {gate.approvers}.")
    if gate.nobody_left:
        say(gate.nobody_left)
    if gate.shown is not None:
        say("Sent once approved:")
    for number, step in enumerate(gate.shown or (), start=1):
        _print_step(number, step)
    digest = f" --digest {gate.digest[:SHORTEST_DIGEST]}" if gate.digest else ""
    say(f"  runbook approve {gate.id}{digest}")
    say(f"  runbook reject {gate.id}{digest}")


def _print_input(asked: InputView) -> None:
    say(asked.message)
    until = f" Until {asked.expires_at:%Y-%m-%d %H:%M:%S} UTC." if asked.expires_at else ""
    say(f"May answer: {asked.respondents}.{until}")
    say(f"  runbook answer {asked.execution_id} {usage_of(asked.values_schema)}")


def _print_step(number: int, step: ShownStepView) -> None:
    """Print the step without shortening anything: an approver must read all of it."""
    when = {"no": f", skipped: {step.condition} is false", "depends": f", only if {step.condition}"}
    say(f"  {number}. {one_line(step.name or step.step)} ({step.type}){when.get(step.runs, '')}")
    if step.error:
        say(f"     would fail: {step.error}")
    elif step.request is not None:
        for line in visible(request_text(step.request)).splitlines():
            say(f"     {line}")
