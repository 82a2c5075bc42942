"""The executor: runs a claimed execution until it waits or ends, for runbooks and workflows alike.

core.decisions.advance makes all decisions; this module only keeps the order: prepare, commit, act, commit.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import closing

import structlog
from sqlalchemy.orm import Session

from core.clock import elapsed
from core.database import DATABASE_IS_AWAY
from core.errors import Conflict
from core.execution.outer import outer_scope
from core.execution.prepare import load_approved, why_void
from core.fault_injection import fail_point, is_disabled
from core.io.attempts import CancelToken
from core.services.executions import secret_parameters
from core.services.executions.kinds import AnyExecution, Kind
from core.services.executions.loading import Loaded, load
from core.services.library.runbooks import check_runnable
from core.services.library.workflows_in_force import check_in_force
from core.services.operations.installation import AnotherDatabase, require_known
from core.services.operations.restore import settle
from core.services.shared.incident_scope import incident_scope
from core.services.shared.unforeseen import unforeseen
from core.statuses import FINAL, Status, WaitingFor
from core.tables import Incident, IncidentEvent, Runbook, RunbookExecution, Workflow, WorkflowExecution
from core.tracing import span
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from core.values.execution import (
    ApprovalVoided,
    Claimed,
    Execution,
    Json,
    Refused,
    StepEnded,
    StepPrepared,
    StepResult,
    Transition,
    Uncertain,
)

from .lease import Abandoned, LeaseRenewer, claim, release_lease, stopped_at
from .log_context import log_context, origin_of
from .losses import retract_loss, why_not_after_a_loss
from .preparation import Inside, Outside, Ports
from .prepare import prepare_step
from .run import LeaseLost, Run
from .run_values import settle_values

log = structlog.get_logger()

LET_GO = frozenset({Status.WAITING}) | FINAL


class NoProgress(Exception):
    """An execution is active but there is nothing to do for it, which is a bug.

    The worker abandons it as if the worker were lost, instead of claiming it again and again, so the definition ends
    up in quarantine.
    """


class Executor:
    """Runs executions for one worker. `worker`: its name in the rows that it holds.

    Once `stopping` is set, it releases its execution as soon as the current step has ended; `hurry` stops that step.
    """

    def __init__(self, unit_of_work: UnitOfWorkFactory, ports: Ports, worker: str) -> None:
        self._unit_of_work, self._ports, self._worker = unit_of_work, ports, worker
        self.stopping = threading.Event()
        self._cancel_token = CancelToken()

    def hurry(self) -> None:
        """Stop the current step, since the grace period is over. Its result is recorded and the execution released."""
        self._cancel_token.set()

    def run(self, kind: Kind, execution_id: str) -> None:
        """Work on the execution until it waits or ends. Do nothing if it is not due or another worker holds it."""
        fail_point("claim.before")
        claimed_at = elapsed()
        try:
            found = self._claim(kind, execution_id)
        except AnotherDatabase:
            settle(self._unit_of_work)
            found = self._claim(kind, execution_id)
        fail_point("claim.after")
        if found is None:
            return
        run, abandoned = found
        renewer = LeaseRenewer(
            self._unit_of_work.engine, kind, execution_id, run.fence, self._unit_of_work.clock, claimed_at
        )
        self._cancel_token = renewer.stop
        try:
            with closing(run), log_context(run, self._worker, abandoned), renewer.renewing():
                self._work(run, renewer)
        except LeaseLost:
            log.warning("lease lost", execution=execution_id, worker=self._worker)
            retract_loss(self._unit_of_work.engine, execution_id, run.fence)
        except DATABASE_IS_AWAY as error:
            log.warning("database lost", execution=execution_id, worker=self._worker, error=str(error))
            release_lease(self._unit_of_work.engine, kind, execution_id, run.fence, self._unit_of_work.clock)

    def _claim(self, kind: Kind, execution_id: str) -> tuple[Run, Abandoned | None] | None:
        """Claim the execution. Return its run, and the lost worker that it was taken over from, if any."""
        with Session(self._unit_of_work.engine, expire_on_commit=False) as session, session.begin():
            require_known(session)
            claimed = claim(session, kind, execution_id, self._worker, self._unit_of_work.clock)
            if claimed is None:
                return None
            row = claimed.row
            loaded = load(session, kind, row)
            incident = session.get_one(Incident, row.incident_id)
            event = (
                session.get_one(IncidentEvent, row.event_id) if isinstance(row, WorkflowExecution) else None
            )
            work = UnitOfWork(
                session,
                self._unit_of_work.clock.now(),
                self._unit_of_work.admins,
                limits=self._unit_of_work.limits,
            )
            names = incident_scope(incident)
            refused = _refusal(work, loaded, claimed.abandoned) or settle_values(row, names)
            hidden, lost = _hidden(session, row)
            run = Run(self._unit_of_work, loaded, names, refused or lost, event)
            run.hidden = hidden
            run.outer = outer_scope(session, row)
            run.approved = load_approved(session, loaded.state)
        if work.announces:
            self._unit_of_work.announcer.announce()
        return run, claimed.abandoned

    def _work(self, run: Run, renewer: LeaseRenewer) -> None:
        """Run step by step; go on if a person changed the execution just as it was about to be released."""
        if run.refused is not None:
            run.apply(Refused(run.refused))
            run.commit()
        while run.state.status not in LET_GO or run.is_untouched:
            transition = run.apply(Claimed())
            if transition.prepare is None and run.state.status not in LET_GO:
                raise NoProgress(run.loaded.row.id)
            while transition.prepare is not None:
                is_stopped = run.state.is_ending and renewer.stop.is_set()
                if is_stopped or self.stopping.is_set():  # a cancel must not stop the finally steps
                    run.leave()
                    return
                transition = self._step(run, transition.prepare, renewer)
            run.commit()
            _committed(run.state)

    def _step(self, run: Run, position: int, renewer: LeaseRenewer) -> Transition:
        step, type_ = run.state.steps[position], run.loaded.parts[position].type
        with span(
            "step", origin_of(run.loaded.row), id=step.id, type=type_, attempt=step.attempt
        ) as annotate:
            transition = self._act(run, position, renewer)
            annotate(status=transition.execution.steps[position].status.value)
        return transition

    def _act(self, run: Run, position: int, renewer: LeaseRenewer) -> Transition:
        void = why_void(run, position, self._ports)
        if void is not None:
            return run.apply(ApprovalVoided(void))
        match prepare_step(run, position, self._ports):
            case Inside(act):
                return run.act_inside(act)
            case Outside(request, call):
                with stopped_at(run.state.deadline, self._unit_of_work.clock, renewer.stop):
                    return _outside(run, position, request, lambda: call(renewer.stop))
            case result:
                return run.apply(StepEnded(result))


def _committed(state: Execution) -> None:
    """Let a bench end the process where only the database knows what is still to be done."""
    if state.is_ending and not state.status.is_final:
        fail_point("outcome.decided")
    elif state.waiting_for is WaitingFor.TIMER:
        fail_point("look.committed")


def _hidden(session: Session, row: AnyExecution) -> tuple[Mapping[str, Json], str | None]:
    """Return the secret parameters, or why the execution cannot continue if they are lost."""
    try:
        return secret_parameters.load(session, row) if isinstance(row, RunbookExecution) else {}, None
    except Conflict as error:
        return {}, str(error)


def _refusal(work: UnitOfWork, loaded: Loaded, abandoned: Abandoned | None) -> str | None:
    """Return why the execution may not continue, or None. A cancelled one ends as cancelled, so it is let through."""
    if loaded.row.cancel_requested:
        return None
    why_not = why_not_after_a_loss(work, loaded, abandoned) if abandoned is not None else None
    return why_not or _why_not_started(work.session, loaded.row)


def _why_not_started(session: Session, row: AnyExecution) -> str | None:
    """Return why the execution must not start, or None.

    Only an approved version may start, and it may have lost its approval since the run was requested.
    """
    if row.started_at is not None or (isinstance(row, RunbookExecution) and row.child_scope is not None):
        return None  # inline steps of a child belong to its parent, which has started
    try:
        if isinstance(row, RunbookExecution):
            check_runnable(session.get_one(Runbook, row.runbook_id), version=row.runbook_version)
        else:
            check_in_force(session.get_one(Workflow, row.workflow_id))
    except Conflict as error:
        return str(error)
    return None


def _outside(run: Run, position: int, request: Json, call: Callable[[], StepResult]) -> Transition:
    """Commit the step as started, then make the call. Its end is committed together with the next step's start."""
    run.apply(StepPrepared(request))
    if not is_disabled("commit-before-effect"):
        run.commit()
    if run.state.steps[position].status is not Status.RUNNING:
        return Transition(run.state)
    fail_point("effect.before")
    result = _called(run, position, call)
    fail_point("effect.after")
    return run.apply(StepEnded(result))


def _called(run: Run, position: int, call: Callable[[], StepResult]) -> StepResult:
    """Return the call's result. If it raises, the step is in doubt, since nobody knows how far it got."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 the worker survives, and people are asked for a verdict
        step, what = run.state.steps[position], "It may or may not have happened"
        return Uncertain(unforeseen(error, run.loaded.row.id, step.id, what, run.hidden))
