"""What goes wrong between the service and what it stands on, in one sentence for the operator, with the mend."""

import os
import traceback
from collections.abc import Mapping
from pathlib import Path

from core.errors import DefinitionError, RunbookError
from core.outage import reason

# By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html): what happened, and what to do.
MIGRATE = "Run `runbook migrate`."
BY_STATE: Mapping[str, tuple[str, str]] = {
    "42P01": ("The database has not the tables of this release", MIGRATE),
    "42703": ("The database has not the columns of this release", MIGRATE),
    "42883": ("The database has not the functions of this release", MIGRATE),
    "42501": (
        "The database's role may not do this",
        "`runbook migrate` with DATABASE_OWNER_URL gives the service's role its rights (docs/operating.md).",
    ),
    "3F000": ("The database has no schema to work in", "Make one, or set the role's search_path."),
    "25006": (
        "The database takes no changes: it is a standby, or set to read only",
        "DATABASE_URL must lead to the primary.",
    ),
    "53300": ("The database has no connection left for us", "Raise max_connections, or run fewer processes."),
    "55P03": ("The tables are in use, and could not be locked in time", "Nothing was changed; try it again."),
    "57014": ("The database ended the statement, which took too long", "Try it again."),
    "40P01": ("The database chose us to give way in a deadlock", "Nothing was changed; try it again."),
    **dict.fromkeys(
        ("42P06", "42P07", "42701", "42710", "42723"),
        (
            "The database has something already that is to be made in it",
            "Nothing was changed. Take an empty database, or restore the copy anew into an empty one.",
        ),
    ),
    "53100": ("The database's disk is full", "Make room; nothing was changed."),
}
AT_ONCE = "Is it up? DATABASE_URL says where it is."
DISK = {"ENOSPC": "Make room there.", "EROFS": "The file system is read only."}


def sentence_of(error: BaseException, home: Path | None = None) -> str | None:
    """One sentence, or the problems of a definition; None for what nobody foresaw. `home`: RUNBOOK_HOME."""
    if isinstance(error, DefinitionError):
        return "\n".join(map(str, error.problems)) or str(error)
    if isinstance(error, RunbookError):
        return f"runbook: {error}"
    found = _of_database(error) or _of_redis(error) or _of_files(error, home)
    return f"runbook: {found}" if found else None


def _is(error: BaseException, *names: str) -> bool:
    """By name and not by class, so that a command that needs no database does not load its driver for this."""
    return any(f"{kind.__module__}.{kind.__qualname__}" in names for kind in type(error).__mro__)


def _of_database(error: BaseException) -> str | None:
    if _is(error, "alembic.util.exc.CommandError"):
        return f"The migrations cannot be run ({reason(error)})."
    if not _is(error, "sqlalchemy.exc.DBAPIError", "psycopg.Error", "sqlalchemy.exc.TimeoutError"):
        return None
    state = getattr(getattr(error, "orig", error), "sqlstate", None) or ""
    if state in BY_STATE:
        happened, mend = BY_STATE[state]
        return f"{happened} ({reason(error)}). {mend}"
    if _is(
        error, "sqlalchemy.exc.OperationalError", "psycopg.OperationalError", "sqlalchemy.exc.TimeoutError"
    ):
        return f"The database cannot be reached ({reason(error)}). {AT_ONCE}"
    if not state and _is(error, "sqlalchemy.exc.ProgrammingError", "psycopg.ProgrammingError"):
        return f"DATABASE_URL has something that PostgreSQL's client does not know ({reason(error)})."
    return None


def _of_redis(error: BaseException) -> str | None:
    if not _is(error, "redis.exceptions.RedisError"):
        return None
    return f"Redis cannot be used ({reason(error)}). Is it up? REDIS_URL says where it is."


def _of_files(error: BaseException, home: Path | None) -> str | None:
    if not isinstance(error, OSError) or error.filename is None:
        return None
    path = Path(os.fsdecode(error.filename))
    said = f"{path}: {error.strerror}."
    if home is not None and home.absolute() in (path.absolute(), *path.absolute().parents):
        return (
            f"{said} Embedded services keep their data there: set RUNBOOK_HOME to a folder that this user may "
            "write, or DATABASE_URL and REDIS_URL to servers of your own."
        )
    return said


def unforeseen_text(error: BaseException) -> str:
    """For what nobody foresaw: a plain traceback, without values of variables, and a sentence at its end."""
    said = "".join(traceback.format_exception(error))
    return f"{said}runbook: something went wrong on our side ({type(error).__name__}); the lines above say where."
