"""Starts runbooks, for a person (Slack, REST, CLI) or for a workflow. Both go through `_start`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from core.advisory_locks import lock_start
from core.decisions.initiators import Initiators, check_chain, initiated_by, initiators_to_json, joined
from core.decisions.people import Person
from core.decisions.team_scope import check_may_run, check_runbook_scope
from core.definitions.agents import check_agents_may_run, with_gate
from core.definitions.parameters import Schema, check_parameters
from core.definitions.runbook import RunbookDefinition
from core.definitions.secrets import parted
from core.definitions.stored import read_stored
from core.identifiers import Prefix, derived_id, new_id
from core.services.executions import secret_parameters
from core.services.library.runbooks import check_runnable, definition_of, runbook_for
from core.services.starts.admission import Entry, admit, new_steps
from core.statuses import PrincipalKind, Status
from core.tables import Incident, IncidentEvent, Runbook, RunbookExecution, StepExecution, WorkflowExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Json, Step


@dataclass(frozen=True)
class Start:
    """A request to run a runbook for an incident.

    `parameters`: values, or a function that reads what was typed by the runbook's schema. It is called once the run is
    known to be permitted, and may raise InvalidInput.
    `request_key`: identifies the delivery; two starts with the same key create one execution.
    `workflow_execution_id`: the workflow execution that starts it. `awaited_by`: the id of its action that waits for
    the end. `initiators`: the people who caused the event that started that workflow. `maybe_done`: copied from its
    action (StepColumns). `version`: the version that the person was shown; None if they were shown none. `said`: what
    an agent says to those who decide about its proposal.
    """

    runbook: Runbook
    incident: Incident
    parameters: Mapping[str, Json] | Callable[[Schema], Mapping[str, Json]]
    request_key: str | None = None
    workflow_execution_id: str | None = None
    awaited_by: str | None = None
    initiators: Initiators = ()
    maybe_done: bool = False
    version: int | None = None
    said: str = ""

    def given(self, schema: Schema) -> Mapping[str, Json]:
        """The parameters as values, not checked yet."""
        return self.parameters(schema) if callable(self.parameters) else self.parameters


def start_by_person(work: UnitOfWork, person: Person, start: Start) -> RunbookExecution:
    """Start a runbook for a person.

    Raises NotAllowed if the team-scope checks fail, Conflict if there is no approved version or it is no longer valid,
    and InvalidInput for wrong parameters, all before anything is written.
    """
    runbook_team = start.runbook.team.name if start.runbook.team else None
    check_may_run(person, start.runbook.name, runbook_team, start.incident.team.name)
    check_chain(person, "run")
    return _start(work, person, start)


def start_by_workflow(work: UnitOfWork, workflow: str, start: Start) -> RunbookExecution:
    """Start a runbook for `workflow:NAME`. It needs no person's permission, but the same team rule applies."""
    runbook_team = start.runbook.team.name if start.runbook.team else None
    check_runbook_scope(start.runbook.name, runbook_team, start.incident.team.name)
    return _start(work, Person(workflow, source="workflow"), start)


def _start(work: UnitOfWork, requester: Person, start: Start) -> RunbookExecution:
    known = execution_by_request_key(work, start.request_key)
    if known is not None:
        return known
    # A shared lock: other starts may proceed, but the runbook cannot change until this commits.
    work.session.refresh(start.runbook, with_for_update={"read": True, "of": Runbook})
    check_runnable(start.runbook, version=start.version)
    definition = definition_of(start.runbook)
    given = check_parameters(definition.parameters, start.given(definition.parameters))
    parameters, hidden = parted(definition.parameters, given)
    execution = _new_execution(work, requester, start, parameters)
    is_agents = requester.kind is PrincipalKind.AGENT
    if is_agents:
        definition = put_behind_gate(execution, definition, requester, start)
    execution.pinned = pin_versions(work, definition, start.incident, is_agents=is_agents)
    asked = {"runbook": start.runbook.name, "version": start.runbook.version, "parameters": parameters}
    entry = Entry(requester, "runbook_execution.requested", asked)
    steps = new_steps(execution.id, definition, maybe_done=start.maybe_done)
    written = admit(work, execution, start.incident, definition, entry, steps)
    secret_parameters.keep(work, written.id, hidden)
    return written


def put_behind_gate(
    execution: RunbookExecution, definition: RunbookDefinition, agent: Person, start: Start
) -> RunbookDefinition:
    """Give the run the gate of a proposal (core.definitions.agents), and return its definition with that.

    It depends on who requests the run alone, so no way to start one can leave it out. Raises NotAllowed if the runbook
    refuses agents.
    """
    check_agents_may_run(definition)
    execution.definition, gate = with_gate(definition, execution.definition, start.incident.team.name)
    execution.proposal = {"gate": gate, "text": start.said, "owner": agent.owner, "for": list(agent.behind)}
    return read_stored(RunbookDefinition, definition.name, start.runbook.version, execution.definition)


def pin_versions(
    work: UnitOfWork, definition: RunbookDefinition, incident: Incident, *, is_agents: bool = False
) -> dict[str, int] | None:
    """Return the version of each runbook that the steps run, and those run in turn; None if they run none.

    So a run never mixes two versions. `is_agents`: whether an agent requests it. Raises NotFound, NotRunnable or
    NotAllowed for one that cannot run for this incident, before anything has started.
    """
    pinned: dict[str, int] = {}
    ahead = _run_by(definition)
    while ahead:
        name = ahead.pop()
        if name in pinned:
            continue
        runbook = runbook_for(work, name, incident)
        check_runnable(runbook)
        pinned[name] = runbook.version
        child = definition_of(runbook)
        if is_agents:
            check_agents_may_run(child)
        ahead |= _run_by(child)
    return pinned or None


def _run_by(definition: RunbookDefinition) -> set[str]:
    return {name for step in definition.all_steps for name in step.child_runbooks}


def carry_over(row: StepExecution, step: Step) -> None:
    """Write a step as an earlier run left it. A gate that is asked again only keeps the reason."""
    if step.status is Status.PENDING:
        row.error = step.error
        return
    row.carried_over, row.status, row.attempt = True, step.status, step.attempt
    row.started_at, row.finished_at = step.started_at, step.finished_at
    row.request, row.output = step.request, step.output
    row.saved, row.error = dict(step.saved), step.error


def execution_by_request_key(work: UnitOfWork, request_key: str | None) -> RunbookExecution | None:
    """Return the execution that an earlier delivery with this key started, waiting for one that is in progress.

    Every start begins with it: from here on no freeze begins or ends before this transaction does.
    """
    lock_start(work.session, request_key)
    if request_key is None:
        return None
    return work.session.scalar(select(RunbookExecution).where(RunbookExecution.request_key == request_key))


def _new_execution(
    work: UnitOfWork, requester: Person, start: Start, parameters: dict[str, Json]
) -> RunbookExecution:
    return RunbookExecution(
        id=_id(start),
        runbook_id=start.runbook.id,
        runbook_name=start.runbook.name,
        runbook_version=start.runbook.version,
        team_id=start.runbook.team_id,
        definition=start.runbook.definition,
        parameters=parameters,
        incident_id=start.incident.id,
        workflow_execution_id=start.workflow_execution_id,
        awaited_by=start.awaited_by,
        requested_by=requester.slack_user_id,
        initiators=initiators_to_json(joined(start.initiators, initiated_by(requester, "asked"))),
        request_key=start.request_key,
        depth=_depth(work, requester, start),
        status=Status.PENDING,
        wake_at=work.now,
        enqueued_at=work.now,
        created_at=work.now,
    )


def _id(start: Start) -> str:
    """Return a new id. For a workflow's run it is derived from the action, so a repeated action gets the same id."""
    if start.workflow_execution_id is None or start.request_key is None:
        return new_id(Prefix.RUNBOOK_EXECUTION)
    return derived_id(Prefix.RUNBOOK_EXECUTION, start.request_key)


def _depth(work: UnitOfWork, requester: Person, start: Start) -> int:
    """Return the depth. For a workflow's run it is the depth of the event that started the workflow."""
    if start.workflow_execution_id is None:
        return requester.depth
    event = select(IncidentEvent.depth).join(
        WorkflowExecution, WorkflowExecution.event_id == IncidentEvent.id
    )
    return work.session.scalar(event.where(WorkflowExecution.id == start.workflow_execution_id)) or 0
