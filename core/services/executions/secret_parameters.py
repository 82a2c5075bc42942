"""Secret parameters of runs: stored for the worker, handed over to a retry, deleted when no longer needed."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.definitions.secrets import is_hidden, secret_names
from core.errors import Conflict
from core.tables import RunbookExecution, SecretParameters
from core.unit_of_work import UnitOfWork
from core.values.execution import Json

KEPT = timedelta(days=7)  # so long after its end a run can be retried with them


def keep(work: UnitOfWork, execution_id: str, hidden: Mapping[str, Json]) -> None:
    """Store the secret parameters of a run, whose row must exist."""
    if hidden:
        work.session.add(SecretParameters(execution_id=execution_id, parameters=dict(hidden)))


def load(session: Session, row: RunbookExecution) -> Mapping[str, Json]:
    """Return the secret parameters of a run. Raises Conflict if they have been deleted."""
    names = {name for name in _secret_names(row) if is_hidden(row.parameters.get(name))}
    if not names:
        return {}
    kept = session.get(SecretParameters, row.id, populate_existing=True)
    if kept is None:
        raise Conflict(
            f"The secret parameters of this run have been deleted: {', '.join(sorted(names))}.",
            hint="Start the runbook again and give them anew.",
        )
    hidden: Mapping[str, Json] = kept.parameters
    return hidden


def hand_on(work: UnitOfWork, old: RunbookExecution, new: RunbookExecution) -> None:
    """Move the secret parameters from a run to its retry. The old run no longer needs them."""
    if _secret_names(old):
        moved = update(SecretParameters).where(SecretParameters.execution_id == old.id)
        work.session.execute(moved.values(execution_id=new.id))


def forget(work: UnitOfWork, row: RunbookExecution) -> None:
    """Delete the secret parameters of a run that has succeeded."""
    if _secret_names(row):
        work.session.execute(delete(SecretParameters).where(SecretParameters.execution_id == row.id))


def forget_old(work: UnitOfWork) -> None:
    """Delete the secret parameters of runs that ended more than a week ago and were not retried."""
    ended = select(RunbookExecution.id).where(RunbookExecution.finished_at < work.now - KEPT)
    stale = SecretParameters.execution_id.in_(ended)
    work.session.execute(delete(SecretParameters).where(stale).execution_options(synchronize_session=False))


def _secret_names(row: RunbookExecution) -> frozenset[str]:
    schema = row.definition.get("parameters") or {}
    return secret_names(schema, row.parameters)
