"""The executor: runs a claimed execution until it waits or ends, for runbooks and workflows alike.

core.decisions.advance makes all decisions; this module only keeps the order: prepare, commit, act, commit.
"""

import threading
from collections.abc import Callable
from contextlib import closing

import structlog

from core.clock import elapsed
from core.database import DATABASE_IS_AWAY
from core.execution.prepare import why_void
from core.fault_injection import fail_point, is_disabled
from core.io.attempts import CancelToken
from core.services.executions.kinds import Kind
from core.services.operations.installation import AnotherDatabase
from core.services.operations.restore import settle
from core.services.shared.unforeseen import unforeseen
from core.statuses import FINAL, Status, WaitingFor
from core.tracing import span
from core.unit_of_work import UnitOfWorkFactory
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

from .claiming import claim_run
from .lease import LeaseRenewer, release_lease, stopped_at
from .log_context import log_context, origin_of
from .losses import retract_loss
from .preparation import Inside, Outside, Ports
from .prepare import prepare_step
from .run import LeaseLost, Run

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
            found = claim_run(self._unit_of_work, kind, execution_id, self._worker)
        except AnotherDatabase:
            settle(self._unit_of_work)
            found = claim_run(self._unit_of_work, kind, execution_id, self._worker)
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
