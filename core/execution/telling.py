"""What the log tells of an execution in a worker's hands: when it is claimed, and how it is let go."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from core.identifiers import REQUEST_ID
from core.services.executions.loading import AnyExecution
from core.tables import RunbookExecution

from .lease import Abandoned
from .run import Run

log = structlog.get_logger()


@contextmanager
def telling(run: Run, worker: str, abandoned: Abandoned | None) -> Iterator[None]:
    """Within the block every line of this thread names execution, incident and request."""
    row = run.loaded.row
    about = {"execution": row.id, "incident": row.incident_id, REQUEST_ID: row.request_id, "worker": worker}
    with structlog.contextvars.bound_contextvars(**{name: what for name, what in about.items() if what}):
        if abandoned is not None:
            log.warning("taken over from a worker that is lost", last_seen=abandoned.last_seen.isoformat())
        log.info("claimed", kind=run.loaded.kind.name, **_definition(row))
        yield
        _tell_how_it_is_let_go(run)


def _definition(row: AnyExecution) -> dict[str, object]:
    if isinstance(row, RunbookExecution):
        return {"name": row.runbook_name, "version": row.runbook_version}
    return {"name": row.workflow_name, "version": row.workflow_version}


def _tell_how_it_is_let_go(run: Run) -> None:
    state = run.state
    if state.status.is_final:
        log.info("ended", status=state.status.value)
    elif state.waiting_for is not None:
        log.info("waits", waits_for=state.waiting_for.value)
    else:
        log.info("handed over", status=state.status.value)
