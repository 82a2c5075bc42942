"""Loading an execution whole: its row, its steps, the parts of its definition, its state."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.advisory_locks import keep_freezes_away
from core.decisions.execution import Execution
from core.definitions.arms import Arm
from core.definitions.kept import NotValidAnyMore
from core.errors import NotFound

from .kinds import AnyExecution, AnyPart, AnyStepRow, Kind, parts_of
from .state import load_state
from .unreadable import unreadable_parts


@dataclass(frozen=True)
class Loaded:
    """An execution as the database has it now. `parts`: the steps, or actions, of its frozen definition.

    `arms`: the arm of a branch that each of them is in, if it is in one.
    """

    kind: Kind
    row: AnyExecution
    parts: Sequence[AnyPart]
    state: Execution
    arms: Sequence[Arm | None]


def load(session: Session, kind: Kind, row: AnyExecution) -> Loaded:
    """With the execution's row at hand. A definition that cannot be read any more has parts that fail and say so."""
    query = select(kind.step).where(kind.step.execution_id == row.id).order_by(kind.step.position)
    steps: list[AnyStepRow] = list(session.scalars(query.execution_options(populate_existing=True)))
    try:
        parts, arms = parts_of(row)
    except NotValidAnyMore as error:
        parts, arms = unreadable_parts(kind, steps, error.cannot_be_read), [None] * len(steps)
    return Loaded(kind, row, parts, load_state(row, steps, parts), arms)


def load_locked(session: Session, kind: Kind, execution_id: str) -> Loaded:
    """With a lock on the execution's row: nobody changes it until this transaction ends."""
    keep_freezes_away(session)  # what its change obliges us to may begin a run
    row: AnyExecution | None = session.get(  # type: ignore[assignment]  # of a union
        kind.execution, execution_id, with_for_update=True, populate_existing=True
    )
    if row is None:
        raise NotFound(f"There is no execution {execution_id}.")
    return load(session, kind, row)


def reload(session: Session, kind: Kind, execution_id: str) -> Loaded:
    """As it is now, without a lock."""
    row: AnyExecution = session.get_one(kind.execution, execution_id, populate_existing=True)  # type: ignore[assignment]
    return load(session, kind, row)
