"""Errors of PostgreSQL, Redis and the file system as one sentence for the operator, with the remedy."""

import os
import traceback
from collections.abc import Mapping
from pathlib import Path

from core.errors import DefinitionError, RunbookError
from core.outage import reason

# By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html): what happened and what to do.
MIGRATE = "Run `runbook migrate`."
BY_STATE: Mapping[str, tuple[str, str]] = {
    "42P01": ("The database lacks tables of this release", MIGRATE),
    "42703": ("The database lacks columns of this release", MIGRATE),
    "42883": ("The database lacks functions of this release", MIGRATE),
    "42501": (
        "The database role lacks a privilege",
        "Grant the service's role its rights: `runbook migrate` with DATABASE_OWNER_URL (docs/operating.md).",
    ),
    "3F000": ("The database has no schema to work in", "Create one, or set the role's search_path."),
    "25006": (
        "The database accepts no changes: it is a standby or read-only",
        "Set DATABASE_URL to the primary.",
    ),
    "53300": ("The database has no free connections", "Raise max_connections, or run fewer processes."),
    "55P03": ("The tables are in use and could not be locked in time", "Nothing was changed; try again."),
    "57014": ("The database cancelled the statement because it took too long", "Try again."),
    "40P01": ("The database aborted the statement to resolve a deadlock", "Nothing was changed; try again."),
    **dict.fromkeys(
        ("42P06", "42P07", "42701", "42710", "42723"),
        (
            "The database already contains something that was to be created",
            "Nothing was changed. Use an empty database, or restore the copy again into an empty one.",
        ),
    ),
    "53100": ("The database's disk is full", "Nothing was changed. Free some space."),
}
AT_ONCE = "Is it running? Check DATABASE_URL."
DISK = {"ENOSPC": "Free some space there.", "EROFS": "The file system is read-only."}


def sentence_of(error: BaseException, home: Path | None = None) -> str | None:
    """Return the error as a sentence, or as the problems of definitions; None if it is unexpected.

    `home`: RUNBOOK_HOME, for errors about its files.
    """
    if isinstance(error, DefinitionError):
        return "\n".join(map(str, error.problems)) or str(error)
    if isinstance(error, RunbookError):
        return f"runbook: {error}"
    found = _of_database(error) or _of_redis(error) or _of_files(error, home)
    return f"runbook: {found}" if found else None


def _is(error: BaseException, *names: str) -> bool:
    """Compare classes by name, so that commands that need no database do not have to import its driver."""
    return any(f"{kind.__module__}.{kind.__qualname__}" in names for kind in type(error).__mro__)


def _of_database(error: BaseException) -> str | None:
    if _is(error, "alembic.util.exc.CommandError"):
        return f"The migrations failed ({reason(error)})."
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
        return f"DATABASE_URL contains an option that PostgreSQL's client does not know ({reason(error)})."
    return None


def _of_redis(error: BaseException) -> str | None:
    if not _is(error, "redis.exceptions.RedisError"):
        return None
    return f"Redis cannot be used ({reason(error)}). Is it running? Check REDIS_URL."


def _of_files(error: BaseException, home: Path | None) -> str | None:
    if not isinstance(error, OSError) or error.filename is None:
        return None
    path = Path(os.fsdecode(error.filename))
    said = f"{path}: {error.strerror}."
    if home is not None and home.absolute() in (path.absolute(), *path.absolute().parents):
        return (
            f"{said} Embedded services keep their data there. Set RUNBOOK_HOME to a folder that this user can "
            "write to, or set DATABASE_URL and REDIS_URL to your own servers."
        )
    return said


def unforeseen_text(error: BaseException) -> str:
    """Return a plain traceback of an unexpected error, without variables' values, and a closing sentence."""
    said = "".join(traceback.format_exception(error))
    return f"{said}runbook: internal error ({type(error).__name__}); the traceback above shows where it happened."
