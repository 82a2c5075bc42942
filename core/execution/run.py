"""A claimed run: its state, the events that are not yet committed, and how they are committed."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from core.advisory_locks import lock_out_freezes
from core.clock import elapsed
from core.decisions.advance import advance
from core.decisions.initiators import initiators_from_json
from core.errors import RunbookError
from core.execution.preparation import Ports
from core.fault_injection import fail_point
from core.services.executions.checkpoint import Change, save
from core.services.executions.loading import Loaded, reload
from core.services.runs.changes import apply_side_effects, ends_children, has_side_effects
from core.services.runs.children import lock_below
from core.services.shared.incident_scope import event_scope, incident_scope
from core.services.shared.unforeseen import unforeseen
from core.tables import Incident, IncidentEvent
from core.unit_of_work import JobRequest, UnitOfWork, UnitOfWorkFactory
from core.values.execution import Claimed, Event, Failed, Json, StepEnded, StepResult, Transition

FRESH_SECONDS = 1.0  # in which a connection that was used is taken to be alive


class LeaseLost(Exception):
    """Another worker holds the execution now, so this one must not write any more."""


class Superseded(Exception):
    """Somebody has changed the execution since it was read."""


class Run:
    """A claimed run. `state` is the state in the database with all uncommitted events applied.

    `refused`: why this run must not continue, or None. `event`: the event that started a workflow.
    `approved`: what the gates that it has passed showed, by approval id. `hidden`: the values of secret parameters.
    `outer`: the names that the inline steps of a child run see of its parent. `ports`: the access to the outside of its
    steps, once the first of them has been prepared.
    """

    def __init__(
        self,
        unit_of_work: UnitOfWorkFactory,
        loaded: Loaded,
        incident: Mapping[str, object],
        refused: str | None,
        event: IncidentEvent | None = None,
    ) -> None:
        self.unit_of_work, self.loaded, self.incident, self.refused = unit_of_work, loaded, incident, refused
        self.event = event_scope(event) if event else {}
        self.depth: int = event.depth if event else getattr(loaded.row, "depth", 0)
        self.initiators = initiators_from_json(event.initiators) if event else ()
        self.approved: Mapping[str, list[Json]] = {}
        self.hidden: Mapping[str, Json] = {}
        self.outer: Mapping[str, object] = {}
        self.ports: Ports | None = None
        self.state = self._committed = loaded.state
        self._revision, self._fence = loaded.row.revision, loaded.row.fence
        self._pending: list[Event] = []
        self._touched = False
        self._is_leaving = False
        self._connection: Connection | None = None  # kept between checkpoints that follow soon
        self._used_at = 0.0

    @property
    def fence(self) -> int:
        return self._fence

    @property
    def is_untouched(self) -> bool:
        """True if no event was applied since the claim."""
        return not self._touched

    def apply(self, event: Event) -> Transition:
        """Advance the state in memory; `commit` writes it."""
        transition = advance(self.state, event, self.unit_of_work.clock.now())
        self._pending.append(event)
        self.state, self._touched = transition.execution, True
        return transition

    def commit(self) -> None:
        """Write the state, if there are uncommitted events. Raises LeaseLost.

        If a person has changed the execution meanwhile (a cancel, a decision), the events are applied again to the
        changed state.
        """
        while (self._pending or self._is_leaving) and not self._try_commit():
            self._start_over()

    def close(self) -> None:
        """Give the connection of the checkpoints back. No commit may follow."""
        if self._connection is not None:
            self._connection.close()

    def leave(self) -> None:
        """Release the execution between two steps and enqueue a job for another worker. Raises LeaseLost."""
        self._is_leaving = True
        self.commit()
        self.unit_of_work.job_queue.enqueue([JobRequest(self.loaded.kind.name, self.loaded.row.id)])

    def act_inside(self, act: Callable[[UnitOfWork], StepResult]) -> Transition:
        """Do an act in our own database and record it in the same transaction. Raises LeaseLost.

        If somebody has changed the execution meanwhile, the act is rolled back.
        """
        events, state = list(self._pending), self.state

        def act_and_save(work: UnitOfWork) -> Transition:
            self._pending, self.state = list(events), state
            lock_out_freezes(work.session)  # before any row lock: the act may start a run
            transition = self.apply(StepEnded(self._attempt(work, act)))
            if self.event:  # the actions of a workflow change incidents
                incident = work.session.get_one(Incident, self.loaded.row.incident_id)
                self.incident = incident_scope(incident)
            self._save_with(work)
            return transition

        try:
            transition = self.unit_of_work.run(act_and_save)
        except Superseded:
            self._pending = events
            self._start_over()
            return self.apply(Claimed())
        self._mark_committed()
        return transition

    def _attempt(self, work: UnitOfWork, act: Callable[[UnitOfWork], StepResult]) -> StepResult:
        """Return the act's result. An error rolls back only the act and fails the step."""
        try:
            with work.session.begin_nested():
                return act(work)
        except RunbookError as error:
            return Failed(str(error), final=True)
        except Exception as error:  # noqa: BLE001 no input may take the worker down
            position = self.state.position or 0
            step = self.state.steps[position]
            return Failed(
                unforeseen(error, self.loaded.row.id, step.id, "It was rolled back", self.hidden),
                final=True,
            )

    def _try_commit(self) -> bool:
        try:
            if has_side_effects(self._committed, self.state):
                self.unit_of_work.run(self._lock_and_save)
            else:
                self._save_alone()
        except Superseded:
            return False
        self._mark_committed()
        return True

    def _save_alone(self) -> None:
        """Save in one autocommit statement, without a transaction, since this happens once per step."""
        fail_point("checkpoint.before")
        if not save(self._fresh_connection(), self._change()):
            raise Superseded
        self._used_at = elapsed()
        self.unit_of_work.announcer.announce()
        fail_point("checkpoint.after")

    def _fresh_connection(self) -> Connection:
        """Return the connection that the last checkpoint used, unless it has been idle since: it may be lost by now.

        One from the pool is as alive as the heartbeat's.
        """
        if self._connection is not None and elapsed() - self._used_at > FRESH_SECONDS:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            engine = self.unit_of_work.engine.execution_options(isolation_level="AUTOCOMMIT")
            self._connection = engine.connect()
        return self._connection

    def _lock_and_save(self, work: UnitOfWork) -> None:
        lock_out_freezes(work.session)  # side effects may start a run
        self._save_with(work)

    def _save_with(self, work: UnitOfWork) -> None:
        """Save with side effects. The caller has locked out freezes."""
        if ends_children(self._committed, self.state):
            lock_below(work, self.loaded.row.id)
        if not save(work.session.connection(), self._change()):
            raise Superseded
        work.announces = True
        apply_side_effects(work, self.loaded.row, self._committed, self.state)

    def _mark_committed(self) -> None:
        self._revision += 1
        self._committed = self.state
        self._pending.clear()

    def _change(self) -> Change:
        settled = self.state.waiting_for is not None or self.state.status.is_final
        now = self.unit_of_work.clock.now()
        released = settled or self._is_leaving
        return Change(
            self.loaded.kind,
            self.loaded.row.id,
            self._revision,
            self._committed,
            self.state,
            self.state.wake_at if settled else now,
            released=released,
            leased=not released,
        )

    def _start_over(self) -> None:
        """Read the execution again and apply the uncommitted events to its current state."""
        with Session(self.unit_of_work.engine) as session:
            fresh = reload(session, self.loaded.kind, self.loaded.row.id)
        if fresh.row.fence != self._fence or fresh.row.worker is None:
            raise LeaseLost(self.loaded.row.id)
        self._revision, self.state, self._committed = fresh.row.revision, fresh.state, fresh.state
        for event in self._pending:
            self.state = advance(self.state, event, self.unit_of_work.clock.now()).execution
