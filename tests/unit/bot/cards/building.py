"""Views to render, and what may be said of every card."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.cards.blocks import Message
from core.statuses import GateStatus, IncidentStatus, Severity, Status, WaitingFor
from core.views.executions import ApprovalDecisionView, ApprovalView, ExecutionView, ShownStepView, StepView
from core.views.incidents import IncidentView
from slack_sandbox.block_kit.blocks import block_problems

NOW = datetime(2026, 3, 1, 3, 12, tzinfo=UTC)
BARE_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")
ALLOWED_MARKUP = re.compile(
    r"<(?:@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+|!date\^[0-9]+\^(?:\{date_short_pretty\} )?\{time(?:_secs)?\}\|[0-9:]+ UTC)>"
)


def step(id_: str = "promote", status: Status = Status.PENDING, **changes: Any) -> StepView:
    values: dict[str, Any] = {
        "id": id_,
        "type": "http",
        "status": status,
        "attempt": 0,
        "started_at": None,
        "finished_at": None,
        "error": None,
    }
    return StepView(**values | changes)


def done(id_: str = "lag", seconds: float = 0.8, **changes: Any) -> StepView:
    times = {"started_at": NOW, "finished_at": NOW + timedelta(seconds=seconds), "attempt": 1}
    return step(id_, Status.SUCCEEDED, **times | changes)


def execution(*steps: StepView, **changes: Any) -> ExecutionView:
    values: dict[str, Any] = {
        "id": "rbx_1",
        "runbook": "db-failover",
        "runbook_id": "rbk_1",
        "runbook_version": 3,
        "description": "",
        "status": Status.RUNNING,
        "waiting_for": None,
        "incident_id": "inc_1",
        "incident_number": 12,
        "workflow_execution_id": None,
        "workflow": None,
        "requested_by": "U0DBOPS",
        "parameters": {"cluster": "orders"},
        "steps": list(steps or (done(), step())),
        "approval": None,
        "error": None,
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": None,
    }
    return ExecutionView(**values | changes)


def by_workflow(*steps: StepView, **changes: Any) -> ExecutionView:
    tag = {
        "workflow": "critical-db-incident",
        "workflow_execution_id": "wfx_1",
        "requested_by": "workflow:critical-db-incident",
    }
    return execution(*steps, **tag | changes)


def approval(**changes: Any) -> ApprovalView:
    values: dict[str, Any] = {
        "id": "apr_1",
        "execution_id": "rbx_1",
        "step": "gate",
        "status": GateStatus.OPEN,
        "approvers": "an admin of team database",
        "people": ["U0DBADMIN"],
        "count": 1,
        "requester": "U0DBOPS",
        "message": "",
        "decisions": [],
        "opened_at": NOW,
        "expires_at": NOW + timedelta(minutes=15),
    }
    return ApprovalView(**values | changes)


def shown_step(id_: str = "promote", **changes: Any) -> ShownStepView:
    values: dict[str, Any] = {
        "step": id_,
        "type": "http",
        "name": None,
        "runs": "yes",
        "condition": None,
        "request": {"method": "POST", "url": f"https://db.example/{id_}"},
        "depends_on_results": False,
        "error": None,
    }
    return ShownStepView(**values | changes)


def decision(person: str = "U0DBADMIN", approved: bool = True, reason: str = "") -> ApprovalDecisionView:
    return ApprovalDecisionView(slack_user_id=person, approved=approved, reason=reason, created_at=NOW)


def at_gate(**changes: Any) -> ExecutionView:
    steps = (
        done(),
        step("gate", Status.WAITING, type="approval", attempt=1, started_at=NOW),
        step("promote"),
        step("verify", type="shell"),
    )
    values: dict[str, Any] = {
        "status": Status.WAITING,
        "waiting_for": WaitingFor.APPROVAL,
        "approval": approval(),
    }
    return execution(*steps, **values | changes)


def incident(**changes: Any) -> IncidentView:
    values: dict[str, Any] = {
        "id": "inc_1",
        "number": 12,
        "title": "Orders DB down",
        "description": "",
        "severity": Severity.CRITICAL,
        "service": "orders-db",
        "team": "database",
        "labels": {},
        "status": IncidentStatus.OPEN,
        "slack_channel": "C0INC",
        "opened_by": "U0DBOPS",
        "created_at": NOW,
        "acknowledged_at": None,
        "resolved_at": None,
        "closed_at": None,
    }
    return IncidentView(**values | changes)


def markups(value: object) -> Iterator[str]:
    """Every text of a message that Slack reads as markup."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield str(value["text"])
        for inner in value.values():
            yield from markups(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from markups(inner)


def shown(message: Message) -> str:
    return "\n".join(markups(message.blocks))


def elements(message: Message, kind: str = "button") -> dict[str, dict[str, Any]]:
    """The message's buttons by action id."""
    found = [inner for block in message.blocks for inner in block.get("elements", [])]  # type: ignore[attr-defined]
    return {inner["action_id"]: inner for inner in found if inner["type"] == kind}


def assert_slack_takes(message: Message) -> None:
    """Slack's limits hold, and nothing that people wrote works as markup."""
    assert block_problems(message.blocks) == []
    assert message.text.strip()
    assert len(message.text) <= 4_000
    for markup in (message.text, *markups(message.blocks)):
        assert not BARE_AMPERSAND.search(markup), markup
        assert "<" not in ALLOWED_MARKUP.sub("", markup), markup


def assert_fences_close(message: Message) -> None:
    """Code blocks end where they should: nothing that people wrote opened or closed one."""
    for markup in markups(message.blocks):
        assert markup.count("```") % 2 == 0
