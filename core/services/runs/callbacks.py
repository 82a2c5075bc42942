"""Callbacks: received once, kept until their step reads them, which may be at once."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.decisions.people import Person
from core.errors import AlreadyDone, InvalidInput, NotFound, Superseded
from core.services.executions.loading import RUNBOOK, load_locked
from core.services.runs.changes import apply_event
from core.services.shared import audit
from core.statuses import WaitingFor
from core.tables import Callback, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import CallbackReceived, Json

LARGEST_BODY = 64 * 1024  # characters of JSON: it is kept, shown and saved from
CALLER = Person("callback", source="rest")


@dataclass(frozen=True)
class ReceivedCallback:
    body: Json
    at: datetime


def take_callback(work: UnitOfWork, execution_id: str, step_id: str) -> ReceivedCallback | None:
    """What came for the step, if it came; its body is not kept any longer.

    The execution is locked first: a callback that comes at this moment is seen here, or sees that the step waits.
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
    """Keep what came for a step, once, and wake the run if it waits for it.

    Raises NotFound for no such step, InvalidInput for a body that is too large, Conflict where the callback was used
    before, or the run is past it.
    """
    if len(json.dumps(body)) > LARGEST_BODY:
        raise InvalidInput(f"A callback has at most {LARGEST_BODY} characters of JSON.", field="body")
    loaded = load_locked(work.session, RUNBOOK, execution_id)
    position = next((i for i, step in enumerate(loaded.state.steps) if step.id == step_id), None)
    if position is None:
        raise NotFound("There is no such callback.")
    known = work.session.get(Callback, (execution_id, step_id))
    if known is not None:
        raise AlreadyDone(f"This callback was used on {known.received_at:%Y-%m-%d at %H:%M:%S} UTC.")
    current = loaded.state.position
    if loaded.state.status.is_final or current is None or current > position:
        raise Superseded("Nobody waits for this callback any more.")
    row = Callback(execution_id=execution_id, step_id=step_id, received_at=work.now, body=body)
    work.session.add(row)
    details = {"step": step_id, "before": {"received": False}, "after": {"received": True}}
    audit.record(work, CALLER, "callback.received", execution_id, details)
    if current == position and loaded.state.waiting_for is WaitingFor.CALLBACK:
        apply_event(work, loaded, CallbackReceived())
    return row
