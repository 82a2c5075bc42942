"""Callbacks: each is received once and stored until its step reads it, which may be immediately."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.decisions.people import Person
from core.errors import AlreadyDone, InvalidInput, NotFound, Superseded
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import load_locked
from core.services.runs.changes import apply_event
from core.services.shared import audit
from core.statuses import WaitingFor
from core.tables import Callback, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import CallbackReceived, Json

LARGEST_BODY = 64 * 1024  # characters of JSON, since the body is stored and shown
CALLER = Person("callback", source="rest")


@dataclass(frozen=True)
class ReceivedCallback:
    """A callback's body, and when it arrived."""

    body: Json
    at: datetime


def take_callback(work: UnitOfWork, execution_id: str, step_id: str) -> ReceivedCallback | None:
    """Return the step's callback, if it has arrived, and delete its body.

    The execution is locked first, so a callback that arrives at this moment is either seen here or wakes the step.
    """
    locked = select(RunbookExecution.id).where(RunbookExecution.id == execution_id).with_for_update()
    work.session.execute(locked)
    row = work.session.get(Callback, (execution_id, step_id))
    if row is None:
        return None
    received = ReceivedCallback(row.body, row.received_at)
    row.body = None
    return received


def receive_callback(work: UnitOfWork, execution_id: str, step_id: str, body: Json) -> Callback:
    """Store the callback of a step, once, and wake the run if it waits for it.

    Raises NotFound if there is no such step, InvalidInput if the body is too large, and Conflict if the callback was
    already used or the run is past the step.
    """
    if len(json.dumps(body)) > LARGEST_BODY:
        raise InvalidInput(
            f"A callback body may have at most {LARGEST_BODY} characters of JSON.", field="body"
        )
    loaded = load_locked(work.session, RUNBOOK, execution_id)
    position = next((i for i, step in enumerate(loaded.state.steps) if step.id == step_id), None)
    if position is None:
        raise NotFound("There is no such callback.")
    known = work.session.get(Callback, (execution_id, step_id))
    if known is not None:
        raise AlreadyDone(f"This callback was already used on {known.received_at:%Y-%m-%d at %H:%M:%S} UTC.")
    current = loaded.state.position
    if loaded.state.status.is_final or current is None or current > position:
        raise Superseded("The run no longer waits for this callback.")
    row = Callback(execution_id=execution_id, step_id=step_id, received_at=work.now, body=body)
    work.session.add(row)
    details = {"step": step_id, "before": {"received": False}, "after": {"received": True}}
    audit.record(work, CALLER, "callback.received", execution_id, details)
    if current == position and loaded.state.waiting_for is WaitingFor.CALLBACK:
        apply_event(work, loaded, CallbackReceived())
    return row
