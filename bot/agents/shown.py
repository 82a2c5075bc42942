"""Incidents, runbooks, plans and runs as an agent is given them: our own words apart from what others wrote."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.agents.data import Untrusted
from core.decisions.gates import digest_of
from core.services.library.runnable import Runnable
from core.simulation.views import PlannedStepView, PlanView
from core.tables import Runbook
from core.views.executions import ApprovalView, ExecutionView, StepView
from core.views.incidents import IncidentView, TimelineEntryView

Shown = dict[str, object]


def show_incident(incident: IncidentView) -> Shown:
    said = {"title": incident.title, "description": incident.description, "service": incident.service}
    links = [link.model_dump() for link in incident.links]
    return {
        "id": incident.id,
        "number": incident.number,
        "status": incident.status,
        "severity": incident.severity,
        "team": incident.team,
        "created_at": incident.created_at,
        "acknowledged_at": incident.acknowledged_at,
        "resolved_at": incident.resolved_at,
        "untrusted": Untrusted({**said, "labels": incident.labels, "links": links}),
    }


def show_line(line: TimelineEntryView) -> Shown:
    """Return one line of a timeline. Its words may quote anybody, so all of them are untrusted."""
    return {
        "at": line.at,
        "kind": line.kind,
        "subject_id": line.subject_id,
        "untrusted": Untrusted({"text": line.text, "by": line.actor}),
    }


def show_runnable(found: Runnable, definition: Mapping[str, Any]) -> Shown:
    return {
        "name": found.name,
        "version": found.version,
        "team": found.team,
        "made_for_this_incident": found.fits,
        "agents": definition.get("agents", "propose"),
        "parameters_schema": definition.get("parameters") or {"type": "object", "properties": {}},
        "untrusted": Untrusted({"description": found.description}),
    }


def show_definition(runbook: Runbook) -> Shown:
    written = {name: value for name, value in runbook.definition.items() if name != "tests"}
    return {
        "name": runbook.name,
        "version": runbook.version,
        "status": runbook.status,
        "untrusted": Untrusted({"definition": written}),
    }


def digest_of_plan(plan: PlanView) -> str:
    """Return what tells this plan from any other: the version, the parameters, and all that would be sent."""
    sent = [{"step": step.id, "runs": step.runs, "request": step.request} for step in plan.steps]
    return digest_of(plan.runbook_id, plan.runbook_version, plan.parameters, sent)


def show_plan(plan: PlanView) -> Shown:
    return {
        "runbook": plan.runbook,
        "version": plan.runbook_version,
        "incident": plan.incident_number,
        "plan": digest_of_plan(plan),
        "lock_is_held": plan.lock is not None and plan.lock.held_by is not None,
        "is_frozen": plan.freeze is not None,
        "steps": [_planned(step) for step in plan.steps],
        "untrusted": Untrusted({"parameters": plan.parameters, "values": plan.values}),
    }


def _planned(step: PlannedStepView) -> Shown:
    gate = step.gate
    return {
        "id": step.id,
        "type": step.type,
        "runs": step.runs,
        "at_the_end_in_any_case": step.in_finally,
        "is_rendered": step.is_rendered,
        **({"people_who_may_decide": gate.people, "count": gate.count} if gate is not None else {}),
        "untrusted": Untrusted({"condition": step.condition, "request": step.request, "error": step.error}),
    }


def show_run(run: ExecutionView) -> Shown:
    proposal = run.proposal
    return {
        "id": run.id,
        "runbook": run.runbook,
        "version": run.runbook_version,
        "incident": run.incident_number,
        "status": run.status,
        "waiting_for": run.waiting_for,
        "is_over": run.status.is_final,
        "requested_by": run.requested_by,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "steps": [_step(step) for step in run.steps],
        "approvals": [_approval(each) for each in _approvals(run)],
        "untrusted": Untrusted(
            {
                "parameters": run.parameters,
                "error": run.error,
                "proposal": proposal.text if proposal is not None else None,
            }
        ),
    }


def _step(step: StepView) -> Shown:
    return {
        "id": step.id,
        "type": step.type,
        "status": step.status,
        "attempt": step.attempt,
        "untrusted": Untrusted({"output": step.output, "error": step.error}),
    }


def _approvals(run: ExecutionView) -> Iterable[ApprovalView]:
    return [*run.past_approvals, *([run.approval] if run.approval is not None else [])]


def _approval(gate: ApprovalView) -> Shown:
    return {
        "step": gate.step,
        "status": gate.status,
        "people_who_may_decide": gate.people,
        "expires_at": gate.expires_at,
        "untrusted": Untrusted({"asked_again": gate.asked_again, "decisions": _decisions(gate)}),
    }


def _decisions(gate: ApprovalView) -> Sequence[Mapping[str, object]]:
    return [
        {"by": each.slack_user_id, "approved": each.approved, "reason": each.reason}
        for each in gate.decisions
    ]
