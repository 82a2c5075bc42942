"""Print runs in the terminal."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType

from bot.cards.changes import request_text
from bot.cards.words import as_text, duration, one_line, status_words, visible
from bot.commands.usage import usage_of
from cli.client.output import facts_of, paragraph, show, table, table_of
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
    for part in drawn(view):
        show(part)


def drawn(view: ExecutionView) -> Iterator[RenderableType]:
    """Yield the parts of what is shown of a run."""
    yield paragraph(f"{view.runbook} v{view.runbook_version}, {status_words(view.status, view.waiting_for)}")
    yield facts_of(
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
    yield paragraph("")
    yield table_of(("step", "type", "status", "took", "error"), [_step(step) for step in view.steps])
    lines = [*_gate(view.approval), *_input(view.input)]
    yield from map(paragraph, lines)


def _requester(view: ExecutionView) -> str:
    if view.workflow is None:
        return view.requested_by
    return f"workflow {view.workflow}, {view.workflow_execution_id}"


def _assigned(values: Mapping[str, object]) -> str:
    return " ".join(f"{name}={as_text(value)}" for name, value in values.items())


def _step(step: StepView) -> tuple[str, str, str, str, str]:
    took = duration(step.started_at, step.finished_at)
    return step.id, step.type, status_words(step.status), took, one_line(step.error or "")


def _gate(gate: ApprovalView | None) -> Iterator[str]:
    """Yield the lines about the gate, with everything that would be sent: an approver must read all of it."""
    if gate is None:
        return
    yield ""
    if gate.asked_again:
        yield f"Approval needed again: {gate.asked_again}"
    decided = sum(decision.approved for decision in gate.decisions)
    yield f"{decided} of {gate.count} approval{'s' if gate.count > 1 else ''}. May decide: {gate.approvers}."
    if gate.nobody_left:
        yield gate.nobody_left
    if gate.shown is not None:
        yield "Sent once approved:"
    for number, step in enumerate(gate.shown or (), start=1):
        yield from _shown_step(number, step)
    digest = f" --digest {gate.digest[:SHORTEST_DIGEST]}" if gate.digest else ""
    yield f"  runbook approve {gate.id}{digest}"
    yield f"  runbook reject {gate.id}{digest}"


def _input(asked: InputView | None) -> Iterator[str]:
    if asked is None:
        return
    yield ""
    yield asked.message
    until = f" Until {asked.expires_at:%Y-%m-%d %H:%M:%S} UTC." if asked.expires_at else ""
    yield f"May answer: {asked.respondents}.{until}"
    yield f"  runbook answer {asked.execution_id} {usage_of(asked.values_schema)}"


def _shown_step(number: int, step: ShownStepView) -> Iterator[str]:
    when = {"no": f", skipped: {step.condition} is false", "depends": f", only if {step.condition}"}
    yield f"  {number}. {one_line(step.name or step.step)} ({step.type}){when.get(step.runs, '')}"
    if step.error:
        yield f"     would fail: {step.error}"
    elif step.request is not None:
        for line in visible(request_text(step.request)).splitlines():
            yield f"     {line}"
