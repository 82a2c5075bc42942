"""Requests for values: opened by a step of type `input`, answered by a person. The run waits in between."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.decisions.approval_policy import ApprovalPolicy, policy_from_json, policy_to_json
from core.decisions.input_policy import Asked, check_is_open, check_may_answer
from core.decisions.people import Person
from core.decisions.policy import require_scope
from core.decisions.policy_table import Action
from core.decisions.settling import is_overdue
from core.definitions.inputs import saved_values, values_given
from core.definitions.parameters import Schema
from core.errors import NotFound, Superseded
from core.identifiers import Prefix, derived_id
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import Loaded, load_locked
from core.services.runs.changes import apply_event
from core.services.runs.initiators import join_initiators
from core.services.shared import audit, notices
from core.services.shared.idempotency import serialize_on_key
from core.services.shared.incident_scope import team_of
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import InputStatus, WaitingFor
from core.tables import InputRequest, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import InputGiven, Json

Given = Mapping[str, Json] | Callable[[Schema], Mapping[str, Json]]


@dataclass(frozen=True)
class NewInput:
    """The values that the step at `position` asks for on its `attempt`. `schema`: with the defaults of this run."""

    execution_id: str
    incident_id: str
    step_id: str
    position: int
    attempt: int
    policy: ApprovalPolicy
    message: str
    schema: Mapping[str, Json]
    expires_at: datetime | None


def open_input(work: UnitOfWork, new: NewInput) -> InputRequest:
    """Store the request for values and enqueue its message."""
    row = InputRequest(
        id=derived_id(Prefix.INPUT, new.execution_id, str(new.position), str(new.attempt)),
        execution_id=new.execution_id,
        position=new.position,
        attempt=new.attempt,
        step_id=new.step_id,
        policy=policy_to_json(new.policy),
        message=new.message,
        schema=dict(new.schema),
        status=InputStatus.OPEN,
        opened_at=work.now,
        expires_at=new.expires_at,
    )
    work.session.add(row)
    work.session.flush()
    run = work.session.get_one(RunbookExecution, new.execution_id)
    thread_of = run.root_execution_id or run.id
    notices.enqueue_notice(work, NewNotice(NoticeKind.INPUT, row.id, new.incident_id, thread_of=thread_of))
    return row


def find_input(work: UnitOfWork, person: Person, input_id: str) -> InputRequest:
    """Return the request. Raises NotFound, also if the person may not see its run and is not asked either."""
    row = work.session.get(InputRequest, input_id)
    if row is None or not _may_see(work, person, row):
        raise NotFound(f"There is no request for values {input_id}.")
    return row


@dataclass(frozen=True)
class Which:
    """Which of a run's requests for values is meant: the latest, unless something narrows it down.

    `request_key`: identifies a delivery; a repeated one means the request that it has answered.
    """

    step: str | None = None
    attempt: int | None = None
    request_key: str | None = None


LATEST = Which()


def find_input_of_run(
    work: UnitOfWork, person: Person, execution_id: str, which: Which = LATEST
) -> InputRequest:
    """Return a request for values of this run, whether it is open or not.

    Raises NotFound, also for a run that the person may not see, and Superseded if the run has not asked for that.
    """
    row = _answered_before(work, which.request_key) or _latest(work, execution_id, which)
    if row is not None and _may_see(work, person, row):
        return row
    run = work.session.get(RunbookExecution, execution_id)
    if run is None or not person.may_see(team_of(work, run), Action.RUN_READ):
        raise NotFound(f"There is no execution {execution_id}.")
    what = f"for step {which.step}" if which.step else "now"
    raise Superseded(f"This run asks for no values {what}.", hint="Its status says what it is waiting for.")


def _answered_before(work: UnitOfWork, request_key: str | None) -> InputRequest | None:
    """Return what an earlier delivery with this key has answered, waiting for one that is in progress."""
    if request_key is None:
        return None
    serialize_on_key(work, request_key)
    return work.session.scalar(select(InputRequest).where(InputRequest.request_key == request_key))


def _latest(work: UnitOfWork, execution_id: str, which: Which) -> InputRequest | None:
    found = select(InputRequest).where(InputRequest.execution_id == execution_id)
    if which.step is not None:
        found = found.where(InputRequest.step_id == which.step)
    if which.attempt is not None:
        found = found.where(InputRequest.attempt == which.attempt)
    newest = found.order_by(InputRequest.opened_at.desc(), InputRequest.position.desc())
    return work.session.scalar(newest.limit(1))


def _may_see(work: UnitOfWork, person: Person, row: InputRequest) -> bool:
    policy = policy_from_json(row.policy)
    run = work.session.get_one(RunbookExecution, row.execution_id)
    teams = {team_of(work, run), policy.team} - {None}
    is_named = person.slack_user_id in policy.people
    return is_named or any(person.may_see(team, Action.RUN_READ) for team in teams)


def check_can_answer(work: UnitOfWork, person: Person, row: InputRequest) -> None:
    """Raise NotAllowed if the person may not answer, and Conflict if the request is closed or has expired."""
    require_scope(person, Action.INPUT_ANSWER)
    asked = _asked(row)
    check_may_answer(asked, person)
    check_is_open(asked, work.now)


def _asked(row: InputRequest) -> Asked:
    policy, status = policy_from_json(row.policy), InputStatus(row.status)
    return Asked(policy, status, row.expires_at, row.answered_by, row.closed_at)


def answer_input(
    work: UnitOfWork, person: Person, row: InputRequest, given: Given, *, request_key: str | None = None
) -> InputRequest:
    """Answer with these values, once, and wake the run. The person becomes one of its initiators.

    `given`: the values, or a function that reads what was typed by their schema. `request_key`: identifies the
    delivery; a repeated one changes nothing. Raises NotAllowed if the person may not answer, Conflict if somebody has
    answered or the run no longer waits for it, and InvalidInput for wrong values.
    """
    require_scope(person, Action.INPUT_ANSWER)
    loaded = load_locked(work.session, RUNBOOK, row.execution_id)
    work.session.refresh(row, with_for_update=True)
    if request_key is not None and row.request_key == request_key and row.answered_by == person.slack_user_id:
        return row
    check_can_answer(work, person, row)
    _check_waits(loaded, row, work.now)
    values = values_given(row.schema, given(row.schema) if callable(given) else given)
    row.status, row.closed_at = InputStatus.ANSWERED, work.now
    row.values, row.answered_by, row.request_key = values, person.slack_user_id, request_key
    join_initiators(work, work.session.get_one(RunbookExecution, row.execution_id), person, "answered")
    change = {"before": {"status": InputStatus.OPEN.value}, "after": {"status": row.status.value}}
    details = {"step": row.step_id, "input": row.id, "values": values, **change}
    audit.record(work, person, "input.answered", row.execution_id, details)
    notices.mark_dirty(work, row.id, NoticeKind.INPUT)
    work.session.flush()
    by = f"<@{person.slack_user_id}>"
    apply_event(work, loaded, InputGiven(row.step_id, values, saved_values(row.schema, values), by))
    return row


def _check_waits(loaded: Loaded, row: InputRequest, now: datetime) -> None:
    """Raise Superseded unless the run waits for exactly this, and still has time."""
    state = loaded.state
    if state.waiting_for is not WaitingFor.INPUT or state.position != row.position:
        raise Superseded("The run no longer needs these values.")
    if is_overdue(state, now):
        raise Superseded("The time of the whole run is over.", hint="Run the runbook again.")
