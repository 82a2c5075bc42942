"""Dry runs: what a run would do, for a person who could start it. Only an audit entry is written."""

from core.decisions.approval_policy import ApprovalPolicy, describe_approvers, possible_deciders
from core.decisions.initiators import initiated_by
from core.decisions.people import Person
from core.decisions.team_scope import check_may_run
from core.definitions.agents import check_agents_may_run, with_gate
from core.definitions.cel.expressions import at_most
from core.definitions.parameters import check_parameters
from core.definitions.runbook import RunbookDefinition, short_name
from core.definitions.secrets import parted
from core.definitions.stored import read_stored
from core.services.access.people import members_with_roles
from core.services.executions.locks import holder_of, lock_name, may_see_holder
from core.services.freezes.in_force import freezes_in_force
from core.services.library.runbooks import check_runnable, definition_of
from core.services.shared import audit
from core.services.shared.incident_scope import incident_scope
from core.services.starts.runbook_starts import Start
from core.services.views.executions import view_freeze_over
from core.simulation.context import SimulationContext
from core.simulation.plan import PlannedStep, plan_steps
from core.simulation.views import LockHolderView, PlannedGateView, PlannedLockView, PlannedStepView, PlanView
from core.statuses import PrincipalKind, Status
from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWork

UNKNOWN_ID = "‹execution.id›"  # in the values of a plan; a run gets its id when it is requested
MOST_WORK = 1_000_000  # units of cel_cost for all expressions of a plan, since it runs in the web process


def plan_by_person(work: UnitOfWork, person: Person, start: Start) -> PlanView:
    """Return the plan of a run that this person could start now.

    Raises what `start_by_person` raises, except for a held lock and a freeze, which the plan shows instead.
    """
    runbook, incident = start.runbook, start.incident
    check_may_run(person, runbook.name, runbook.team.name if runbook.team else None, incident.team.name)
    check_runnable(runbook)
    definition = _definition(person, start)
    given = check_parameters(definition.parameters, start.given(definition.parameters))
    parameters, hidden = parted(definition.parameters, given)
    context = SimulationContext(
        definition,
        parameters,
        incident_scope(incident),
        person.slack_user_id,
        runbook.version,
        hidden,
        initiators=initiated_by(person, "asked"),
    )
    with at_most(MOST_WORK):
        context = context.with_values(UNKNOWN_ID)
        lock = _lock(work, context, incident)
        steps = [_view_step(work, planned) for planned in plan_steps(context, work.now)]
    details = {"version": runbook.version, "incident": incident.id, "parameters": parameters}
    audit.record(work, person, "runbook.dry_run", runbook.id, details)
    return PlanView(
        runbook=runbook.name,
        runbook_id=runbook.id,
        runbook_version=runbook.version,
        incident_id=incident.id,
        incident_number=incident.number,
        requested_by=person.slack_user_id,
        parameters=parameters,
        values=dict(context.values),
        lock=lock,
        freeze=view_freeze_over(
            freezes_in_force(work), incident
        ),  # as of now; no lock is held, so it may change
        steps=steps,
    )


def _definition(person: Person, start: Start) -> RunbookDefinition:
    """Return the definition that would run: an agent's has its gate, too. Raises NotAllowed if it refuses agents."""
    definition = definition_of(start.runbook)
    if person.kind is not PrincipalKind.AGENT:
        return definition
    check_agents_may_run(definition)
    written, _ = with_gate(definition, start.runbook.definition, start.incident.team.name)
    return read_stored(RunbookDefinition, definition.name, start.runbook.version, written)


def _lock(work: UnitOfWork, context: SimulationContext, incident: Incident) -> PlannedLockView | None:
    """Return the lock that the run would take. The holder is named only if the requester may see it."""
    name = lock_name(context.definition, context.parameters, context.incident)
    if name is None:
        return None
    holder = holder_of(work, name)
    is_visible = holder is not None and may_see_holder(work, holder, incident, context.requester)
    return PlannedLockView(
        name=short_name(name),
        on_conflict=context.definition.on_conflict,
        held_by=_view_holder(holder, is_visible) if holder is not None else None,
    )


def _view_holder(holder: RunbookExecution, is_visible: bool) -> LockHolderView:
    named = {"id": holder.id, "runbook": holder.runbook_name} if is_visible else {"id": None, "runbook": None}
    return LockHolderView(**named, status=Status(holder.status))


def _view_step(work: UnitOfWork, planned: PlannedStep) -> PlannedStepView:
    part, retry = planned.part, planned.part.retry
    is_repeated = retry is not None and (retry.safe or not part.touches_outside)
    seconds = planned.wait.total_seconds() if planned.wait is not None else None
    return PlannedStepView(
        id=part.id,
        type=part.type,
        name=part.name,
        runs=planned.runs,
        in_finally=planned.in_finally,
        condition=part.condition,
        request=planned.request,
        is_rendered=planned.is_rendered,
        attempts=retry.attempts if retry is not None and is_repeated else 1,
        gate=_view_gate(work, planned.policy, planned.request, seconds) if planned.policy else None,
        wait_seconds=None if planned.policy else seconds,
        error=planned.error,
    )


def _view_gate(
    work: UnitOfWork, policy: ApprovalPolicy, request: object, seconds: float | None
) -> PlannedGateView:
    """Return the gate, with the people who could decide now."""
    members = members_with_roles(work, policy.teams)
    return PlannedGateView(
        approvers=describe_approvers(policy),
        people=possible_deciders(policy, members),
        count=policy.count,
        message=str(request.get("message", "")) if isinstance(request, dict) else "",
        expires_seconds=seconds,
    )
