"""Which database this is, held against which one wrote what is in it (docs/restore.md)."""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, Engine, TextClause, exists, select, text, update
from sqlalchemy.exc import NotSupportedError, ProgrammingError
from sqlalchemy.orm import Session

from core.decisions.installation import Place
from core.errors import RunbookError
from core.tables import Installation
from core.unit_of_work import UnitOfWork

THE_ROW = 1
# A dump that is restored has another cluster, database or table, whichever way; a copy of files has another timeline.
OWN_NUMBERS = """
    (SELECT oid FROM pg_database WHERE datname = current_database()), to_regclass('installation')::oid
"""
WHOLE = f"""
    SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()), {OWN_NUMBERS}) AS identity,
        substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline
"""  # noqa: S608 constants of this module
LESS = f"SELECT concat_ws('/', '-', {OWN_NUMBERS}) AS identity, '-' AS timeline"


class AnotherDatabase(RunbookError):
    """The database is another one than that which its contents were written in: that is settled first."""


def present_place(session: Session) -> Place:
    """Where the database is now."""
    identity, timeline = session.execute(text(_question(_engine(session)))).one()
    return Place(identity, timeline)


def is_as_known(session: Session) -> bool:
    """Whether it is the database that wrote what is in it: one statement, for whoever is about to do something.

    True of one where nobody has written down yet which it is: the first process that starts does.
    """
    return bool(session.scalar(_comparison(_engine(session))))


def require_known(session: Session) -> None:
    """Raise AnotherDatabase unless `is_as_known`: in the transaction of what must not be done there."""
    if not is_as_known(session):
        raise AnotherDatabase


def was_before_a_restore(work: UnitOfWork, moment: datetime) -> bool:
    """Whether a database that this one is a copy of may have seen that moment."""
    return bool(work.session.scalar(select(exists().where(Installation.restored_at >= moment))))


def generation_of(session: Session) -> int:
    """1, and one more with every restore."""
    return session.scalar(select(Installation.generation)) or 1


def move_mark(work: UnitOfWork) -> tuple[str, int] | None:
    """One more; answer the line and its mark, for who remembers it outside once this is committed. None: no row yet."""
    moved = update(Installation).values(mark=Installation.mark + 1)
    found = work.session.execute(moved.returning(Installation.line, Installation.mark)).one_or_none()
    return (found[0], found[1]) if found is not None else None


def _engine(session: Session) -> Engine:
    bind = session.get_bind()
    return bind.engine if isinstance(bind, Connection) else bind


@lru_cache(maxsize=16)
def _comparison(engine: Engine) -> TextClause:
    known = "known.identity = present.identity AND known.timeline = present.timeline"
    found = f"SELECT {known} FROM installation AS known, ({_question(engine)}) AS present"  # noqa: S608 as above
    return text(f"SELECT coalesce(({found}), true)")


@lru_cache(maxsize=16)
def _question(engine: Engine) -> str:
    """All that can be asked there: some who offer PostgreSQL as a service let nobody see cluster and log."""
    with engine.connect() as connection:
        try:
            connection.execute(text(WHOLE))
        except (ProgrammingError, NotSupportedError):
            return LESS
    return WHOLE
