"""The database's identity, compared with that of the database that wrote its data, to detect restored copies.

See docs/restore.md.
"""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Engine,
    exists,
    func,
    literal_column,
    select,
    text,
    true,
    update,
)
from sqlalchemy.exc import NotSupportedError, ProgrammingError
from sqlalchemy.orm import Session

from core.decisions.installation import Place
from core.errors import RunbookError
from core.tables import Installation
from core.unit_of_work import UnitOfWork

THE_ROW = 1
# A restored dump differs in cluster, database or table; a copy of the data files differs in the timeline.
OWN_NUMBERS = """
    (SELECT oid FROM pg_database WHERE datname = current_database()), to_regclass('installation')::oid
"""
# The database's identity and timeline. As SQL, since only system functions know them.
WHOLE = f"""
    SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()), {OWN_NUMBERS}) AS identity,
        substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline
"""  # noqa: S608 constants of this module
# The same without what managed PostgreSQL services may forbid.
LESS = f"SELECT concat_ws('/', '-', {OWN_NUMBERS}) AS identity, '-' AS timeline"


class AnotherDatabase(RunbookError):
    """The database is not the one that its data was written in; core.services.operations.restore.settle handles it."""


def present_place(session: Session) -> Place:
    """Return the identity and timeline of the database now."""
    identity, timeline = session.execute(text(_question(_engine(session)))).one()
    return Place(identity, timeline)


def is_as_known(session: Session) -> bool:
    """True if the database is the one that its data was written in. It costs one statement.

    Also True for a new database, whose identity the first process that starts will record.
    """
    return bool(session.scalar(select(as_known(session))))


def as_known(session: Session) -> ColumnElement[bool]:
    """Return `is_as_known` as an expression, for a statement that asks it besides."""
    return _comparison(_engine(session))


def require_known(session: Session) -> None:
    """Raise AnotherDatabase unless `is_as_known`. Call it in the transaction of work that a copy must not do."""
    if not is_as_known(session):
        raise AnotherDatabase


def was_before_a_restore(work: UnitOfWork, moment: datetime) -> bool:
    """True if the original of this restored database may have been running at that moment."""
    return bool(work.session.scalar(select(exists().where(Installation.restored_at >= moment))))


def generation_of(session: Session) -> int:
    """Return the generation: 1, plus one for every restore."""
    return session.scalar(select(Installation.generation)) or 1


def move_mark(work: UnitOfWork) -> tuple[str, int]:
    """Increment the mark, and return the line and its new mark, to be remembered outside the database after the commit.

    The installation must have its row.
    """
    moved = update(Installation).values(mark=Installation.mark + 1)
    line, mark = work.session.execute(moved.returning(Installation.line, Installation.mark)).one()
    return line, mark


def _engine(session: Session) -> Engine:
    bind = session.get_bind()
    return bind.engine if isinstance(bind, Connection) else bind


@lru_cache(maxsize=16)
def _comparison(engine: Engine) -> ColumnElement[bool]:
    known = "known.identity = present.identity AND known.timeline = present.timeline"
    found = f"SELECT {known} FROM installation AS known, ({_question(engine)}) AS present"  # noqa: S608 as above
    return func.coalesce(literal_column(f"({found})", Boolean), true())


@lru_cache(maxsize=16)
def _question(engine: Engine) -> str:
    """Return the query for the identity. Some managed PostgreSQL services forbid reading the cluster's functions."""
    with engine.connect() as connection:
        try:
            connection.execute(text(WHOLE))
        except (ProgrammingError, NotSupportedError):
            return LESS
    return WHOLE
