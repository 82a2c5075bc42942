"""The log lines of a claimed execution: when it is claimed and how it is released."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from core.identifiers import REQUEST_ID
from core.services.executions.kinds import AnyExecution
from core.tables import RunbookExecution
from core.tracing import span

from .lease import Abandoned
from .run import Run

log = structlog.get_logger()


@contextmanager
def log_context(run: Run, worker: str, abandoned: Abandoned | None) -> Iterator[None]:
    """Bind execution, incident and request to every log line of this thread within the block."""
    row = run.loaded.row
    about = {"execution": row.id, "incident": row.incident_id, REQUEST_ID: row.request_id, "worker": worker}
    name, version = _definition(row)
    kind = run.loaded.kind.name
    traced = span("execution", origin_of(row), id=row.id, kind=kind, name=name, version=version)
    with (
        structlog.contextvars.bound_contextvars(**{name: what for name, what in about.items() if what}),
        traced as annotate,
    ):
        if abandoned is not None:
            log.warning("taken over from a lost worker", last_seen=abandoned.last_seen.isoformat())
        log.info("claimed", kind=kind, name=name, version=version)
        yield
        annotate(status=run.state.status.value)
        _log_release(run)


def origin_of(row: AnyExecution) -> str:
    """Return which trace the execution is in: that of the request which caused it, or its own."""
    return row.request_id or row.id


def _definition(row: AnyExecution) -> tuple[str, int]:
    """Return the definition's name and version."""
    if isinstance(row, RunbookExecution):
        return row.runbook_name, row.runbook_version
    return row.workflow_name, row.workflow_version


def _log_release(run: Run) -> None:
    state = run.state
    if state.status.is_final:
        log.info("ended", status=state.status.value)
    elif state.waiting_for is not None:
        log.info("waits", waits_for=state.waiting_for.value)
    else:
        log.info("handed over", status=state.status.value)
