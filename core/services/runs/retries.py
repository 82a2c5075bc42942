"""Retries a run that did not succeed: a new execution continues where it ended."""

from collections.abc import Iterator

from sqlalchemy import select

from core.decisions.initiators import (
    check_chain,
    initiated_by,
    initiators_from_json,
    initiators_to_json,
    joined,
)
from core.decisions.people import Person
from core.decisions.policy import require
from core.decisions.policy_table import Action
from core.decisions.resume import Resumption, resume
from core.decisions.team_scope import check_may_respond, check_runbook_scope
from core.definitions.runbook import RunbookDefinition
from core.definitions.stored import read_stored
from core.errors import AlreadyDone, Conflict
from core.identifiers import Prefix, new_id
from core.services.executions import secret_parameters
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import Loaded, load_locked
from core.services.freezes.in_force import check_may_begin
from core.services.library.runbooks import check_runnable
from core.services.runs.children import check_no_child_in_doubt
from core.services.runs.finding import find_execution
from core.services.shared import notices
from core.services.shared.notices import NoticeKind
from core.services.starts.admission import Entry, admit
from core.services.starts.runbook_starts import carry_over, execution_by_request_key
from core.statuses import Status
from core.tables import Incident, Runbook, RunbookExecution, StepExecution
from core.unit_of_work import UnitOfWork


def retry(
    work: UnitOfWork,
    person: Person,
    execution_id: str,
    *,
    from_step: str | None = None,
    request_key: str | None = None,
) -> RunbookExecution:
    """Start a new execution that continues from the first step that did not succeed, or from `from_step`.

    It has the same stored definition, version and parameters. It is not tagged with a workflow execution, even if the
    old run was, because a person caused it; `retry_of` leads to the old run. Earlier steps are carried over with what
    they saved, and the lock is taken again. A gate before the steps that run again is asked again; neither the person
    who retries nor the initiators of the old run may approve it. A run can be retried once; then its retry can be.

    Raises NotFound; NotAllowed if the person may not run it, or gives `from_step` without being an admin of the team;
    Conflict as `core.decisions.resume` does, and if the version is no longer the approved one, the run was already
    retried, its team is frozen, or its lock is held; InvalidInput for an unknown step.
    """
    old = find_execution(work, person, execution_id)
    known = execution_by_request_key(work, request_key)
    if known is not None:
        return known
    incident = work.session.get_one(Incident, old.incident_id)
    runbook = work.session.get_one(Runbook, old.runbook_id)
    _check_allowed(person, runbook, incident, from_step)
    check_chain(person, "retried")
    _check_is_nobodys_child(old)
    check_may_begin(work, incident)
    loaded = load_locked(work.session, RUNBOOK, execution_id)
    by = f"<@{person.slack_user_id}>"
    resumption = resume(loaded.state, from_step=from_step, by=by, now=work.now)
    _check_not_retried(work, old)
    if from_step is None:
        check_no_child_in_doubt(work, old)
    check_runnable(runbook, version=old.runbook_version)
    new = _new_execution(work, person, old, request_key)
    definition = read_stored(RunbookDefinition, new.runbook_name, new.runbook_version, new.definition)
    asked = {"of": old.id, "from": loaded.parts[resumption.position].id, "version": old.runbook_version}
    written = admit(work, new, incident, definition, Entry(person, "runbook_execution.retried", asked))
    work.session.add_all(_steps(written.id, loaded, resumption))
    secret_parameters.hand_on(work, old, written)
    notices.mark_dirty(work, old.id, NoticeKind.HEADLINE, NoticeKind.OUTCOME)
    return written


def _check_allowed(person: Person, runbook: Runbook, incident: Incident, from_step: str | None) -> None:
    team = incident.team.name
    check_runbook_scope(runbook.name, runbook.team.name if runbook.team else None, team)
    check_may_respond(person, team, f"run {runbook.name}", Action.RUN_RETRY)
    if from_step is not None:
        sentence = f"Only an admin of team {team} may choose the step to continue from."
        hint = "Without a step, the retry continues from the first step that did not succeed."
        require(person, Action.RUN_RETRY_FROM, team, sentence, hint=hint)


def _check_is_nobodys_child(old: RunbookExecution) -> None:
    if old.parent_execution_id is not None:
        raise Conflict(
            f"This run was started by a step of another one, {old.parent_execution_id}.",
            hint="Retry that one: it runs only the child runs again that did not succeed.",
        )


def _check_not_retried(work: UnitOfWork, old: RunbookExecution) -> None:
    other = work.session.scalar(select(RunbookExecution).where(RunbookExecution.retry_of == old.id))
    if other is not None:
        raise AlreadyDone(
            f"This run was already retried by {_who(other)}: {other.id}, which is {other.status}.",
            hint="If that run did not succeed, retry that one instead.",
        )


def _who(execution: RunbookExecution) -> str:
    return f"<@{execution.requested_by}>"


def _new_execution(
    work: UnitOfWork, person: Person, old: RunbookExecution, request_key: str | None
) -> RunbookExecution:
    return RunbookExecution(
        id=new_id(Prefix.RUNBOOK_EXECUTION),
        runbook_id=old.runbook_id,
        runbook_name=old.runbook_name,
        runbook_version=old.runbook_version,
        team_id=old.team_id,
        definition=old.definition,
        parameters=old.parameters,
        values=old.values,
        incident_id=old.incident_id,
        retry_of=old.id,
        depth=max(old.depth, person.depth),
        pinned=old.pinned,
        proposal=old.proposal,
        requested_by=person.slack_user_id,
        initiators=initiators_to_json(
            joined(initiators_from_json(old.initiators), initiated_by(person, "retried"))
        ),
        request_key=request_key,
        status=Status.PENDING,
        wake_at=work.now,
        enqueued_at=work.now,
        created_at=work.now,
    )


def _steps(execution_id: str, loaded: Loaded, resumption: Resumption) -> Iterator[StepExecution]:
    for position, part in enumerate(loaded.parts):
        row = StepExecution(execution_id=execution_id, position=position, step_id=part.id, type=part.type)
        row.maybe_done = loaded.state.steps[position].maybe_done
        if position < resumption.position:
            carry_over(row, resumption.carried[position])
        yield row
