"""A world in which every promise was kept, and ways to change one thing in it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.checker.check import check
from chaos.checker.facts import (
    Asked,
    Audit,
    Call,
    Decision,
    Execution,
    Facts,
    Gate,
    Incident,
    Message,
    Step,
    Trace,
    WorkflowExecution,
)

RUN, WAITING, LOCKED = "rbx_1", "rbx_2", "rbx_3"
START = datetime(2026, 3, 1, 3, 12, tzinfo=UTC)
STEPS: list[dict[str, Any]] = [
    {"id": "act", "type": "http", "url": "{{ secrets.TARGET }}/ok/1?seconds=0"},
    {"id": "safe", "type": "http", "url": "{{ secrets.TARGET }}/ok/1?seconds=0", "retry": {"safe": True}},
    {"id": "command", "type": "shell"},
    {"id": "gate", "type": "approval"},
    {"id": "told", "type": "message"},
]
DEFINITION = {"steps": STEPS}
TYPES = {"act": "http", "safe": "http", "command": "shell", "gate": "approval", "told": "message"}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def unix(seconds: float) -> float:
    return at(seconds).timestamp()


def execution(id_: str, status: str = "succeeded", **more: Any) -> Execution:
    ended = status in ("succeeded", "failed", "cancelled", "timed_out")
    return replace(
        Execution(
            id=id_,
            status=status,
            waiting_for=None,
            wake_at=None,
            worker=None,
            tag=f"tag-{id_}",
            runbook="all",
            version=1,
            frozen=DEFINITION,
            published=DEFINITION,
            lock_name=None,
            holds_lock=False,
            requested_by="U0RITA",
            workflow_execution_id=None,
            created_at=at(0),
            started_at=at(0),
            finished_at=at(50) if ended else None,
        ),
        **more,
    )


def steps(execution_id: str, done: int = 5) -> list[Step]:
    """The first `done` of them succeeded; the next waits, if there is one."""
    return [
        Step(
            execution_id=execution_id,
            position=position,
            id=id_,
            type=TYPES[id_],
            status="succeeded" if position < done else "waiting" if position == done else "pending",
            attempt=int(position <= done),
            started_at=at(position * 10) if position <= done else None,
            finished_at=at(position * 10 + 9) if position < done else None,
        )
        for position, id_ in enumerate(TYPES)
    ]


def calls(execution_id: str) -> list[Call]:
    return [
        Call(unix(second), f"{execution_id}.{step}", "ok", "1", effect=True)
        for second, step in ((1, "act"), (11, "safe"))
    ]


def traces(execution_id: str) -> list[Trace]:
    key = f"{execution_id}.command"
    return [Trace(key, 7, "begin", unix(21)), Trace(key, 7, "end", unix(22))]


def card(name: str, status: str = "", *actions: str, text: str = "", notice: str = "") -> Message:
    return Message("C1", "1.0", text, name, status, notice or f"ntc_{name}{text}", 0, frozenset(actions))


def audit(number: int, action: str, subject: str, actor: str = "U0RITA", **details: Any) -> Audit:
    return Audit(number, action, subject, actor, at(0), details)


def kept() -> Facts:
    """One run that succeeded, one that waits for approval, one incident with its workflow."""
    open_ = ("approval.approve", "approval.reject")
    return Facts(
        executions=[
            execution(RUN, workflow_execution_id="wfx_1"),
            execution(WAITING, "waiting", waiting_for="approval", wake_at=at(600)),
        ],
        workflows=[WorkflowExecution("wfx_1", "inc_1", "succeeded", None)],
        incidents=[Incident("inc_1", "i", "auto")],
        steps=[*steps(RUN), *steps(WAITING, 3)],
        gates=[
            Gate("apr_1", RUN, 3, "approved", 1, "U0RITA", at(600), at(39)),
            Gate("apr_2", WAITING, 3, "open", 1, "U0RITA", at(600), None),
        ],
        decisions=[Decision("apr_1", "U0ANNA", True, at(39))],
        audit=[
            audit(1, "runbook_execution.requested", RUN),
            audit(2, "runbook_execution.requested", WAITING),
            audit(3, "approval.approved", "apr_1", "U0ANNA"),
            audit(4, "runbook_execution.ended", RUN, "system", status="succeeded"),
        ],
        calls=[*calls(RUN), *calls(WAITING)],
        traces=[*traces(RUN), *traces(WAITING)],
        messages=[
            card("incident.inc_1"),
            card(f"headline.{RUN}", "succeeded"),
            card(f"headline.{WAITING}", "waiting", "run.cancel"),
            card(f"outcome.{RUN}", "succeeded"),
            card("gate.apr_1", "succeeded"),
            card("gate.apr_2", "waiting", *open_),
            card("", text=f"tag-{RUN} came to told"),
        ],
        asked=[Asked(f"tag-{RUN}", RUN), Asked(f"tag-{WAITING}", None)],
        told=[RUN],
    )


def broken(facts: Facts) -> set[str]:
    """The rules that the facts break."""
    return {violation.rule for violation in check(facts)}


def with_execution(facts: Facts, id_: str, **changes: Any) -> Facts:
    changed = [replace(each, **changes) if each.id == id_ else each for each in facts.executions]
    return replace(facts, executions=changed)


def with_step(facts: Facts, key: str, **changes: Any) -> Facts:
    changed = [replace(each, **changes) if each.key == key else each for each in facts.steps]
    return replace(facts, steps=changed)


def with_gate(facts: Facts, id_: str, **changes: Any) -> Facts:
    changed = [replace(each, **changes) if each.id == id_ else each for each in facts.gates]
    return replace(facts, gates=changed)


def with_card(facts: Facts, name: str, **changes: Any) -> Facts:
    changed = [replace(each, **changes) if each.card == name else each for each in facts.messages]
    return replace(facts, messages=changed)


def plus(facts: Facts, name: str, *things: object) -> Facts:
    """With more of what the attribute holds."""
    changes: dict[str, Any] = {name: [*getattr(facts, name), *things]}
    return replace(facts, **changes)


def minus(facts: Facts, name: str, unwanted: Iterable[object]) -> Facts:
    gone = list(unwanted)
    changes: dict[str, Any] = {name: [each for each in getattr(facts, name) if each not in gone]}
    return replace(facts, **changes)
