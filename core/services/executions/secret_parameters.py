"""What runs were given and nobody may see: kept for the worker, handed on to a retry, forgotten at the end."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.definitions.secrets import is_hidden, secret_names
from core.errors import Conflict
from core.tables import RunbookExecution, SecretParameters
from core.unit_of_work import UnitOfWork
from core.values.execution import Json

KEPT = timedelta(days=7)  # for a retry


def keep(work: UnitOfWork, execution_id: str, hidden: Mapping[str, Json]) -> None:
    """The run's row must be there."""
    if hidden:
        work.session.add(SecretParameters(execution_id=execution_id, parameters=dict(hidden)))


def load(session: Session, row: RunbookExecution) -> Mapping[str, Json]:
    """The hidden parameters of a run. Raises Conflict where they are not there any more."""
    names = {name for name in _secret_names(row) if is_hidden(row.parameters.get(name))}
    if not names:
        return {}
    kept = session.get(SecretParameters, row.id, populate_existing=True)
    if kept is None:
        raise Conflict(
            f"The secret parameters of this run are not there any more: {', '.join(sorted(names))}.",
            hint="Start the runbook anew, and give them again.",
        )
    hidden: Mapping[str, Json] = kept.parameters
    return hidden


def hand_on(work: UnitOfWork, old: RunbookExecution, new: RunbookExecution) -> None:
    """A retry has what the run before was given, which needs it no more."""
    if _secret_names(old):
        moved = update(SecretParameters).where(SecretParameters.execution_id == old.id)
        work.session.execute(moved.values(execution_id=new.id))


def forget(work: UnitOfWork, row: RunbookExecution) -> None:
    """Nothing will be done with them any more."""
    if _secret_names(row):
        work.session.execute(delete(SecretParameters).where(SecretParameters.execution_id == row.id))


def forget_old(work: UnitOfWork) -> None:
    """Of a run that ended long ago, and that nobody has retried since."""
    ended = select(RunbookExecution.id).where(RunbookExecution.finished_at < work.now - KEPT)
    stale = SecretParameters.execution_id.in_(ended)
    work.session.execute(delete(SecretParameters).where(stale).execution_options(synchronize_session=False))


def _secret_names(row: RunbookExecution) -> frozenset[str]:
    schema = row.definition.get("parameters") or {}
    return secret_names(schema, row.parameters)
