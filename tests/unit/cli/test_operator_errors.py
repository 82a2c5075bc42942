"""Errors of PostgreSQL, Redis and files as one sentence with its remedy."""

import errno
from pathlib import Path

import psycopg
import pytest
from alembic.util.exc import CommandError
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.exc import InternalError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cli.addresses import engine_at, redis_at
from cli.operator_errors import sentence_of, unforeseen_text
from core.errors import ConfigurationError, NotFound

GONE = psycopg.OperationalError("connection failed\n\tIs the server running on that host?")


@pytest.mark.parametrize(
    ("error", "happened", "mend"),
    [
        (OperationalError("SELECT", {}, GONE), "cannot be reached (connection failed Is", "DATABASE_URL"),
        (GONE, "cannot be reached", "DATABASE_URL"),
        (PoolTimeout("QueuePool limit"), "cannot be reached", "DATABASE_URL"),
        (
            ProgrammingError("SELECT", {"secret": "s3cr3t"}, psycopg.errors.UndefinedTable("no teams")),
            "lacks tables of this release (no teams)",
            "runbook migrate",
        ),
        (psycopg.errors.UndefinedColumn("no x"), "lacks columns", "runbook migrate"),
        (
            ProgrammingError("SELECT", {}, psycopg.errors.InsufficientPrivilege("denied for table teams")),
            "lacks a privilege (denied for table teams)",
            "DATABASE_OWNER_URL",
        ),
        (InternalError("X", {}, psycopg.errors.ReadOnlySqlTransaction("read-only")), "standby", "primary"),
        (psycopg.errors.TooManyConnections("sorry"), "no free connections", "max_connections"),
        (psycopg.errors.LockNotAvailable("lock timeout"), "in use", "try again"),
        (psycopg.errors.DiskFull("No space left"), "disk is full", "Free some space"),
        (psycopg.ProgrammingError('invalid connection option "foo"'), "does not know", "DATABASE_URL"),
        (CommandError("Can't locate revision identified by '0099'"), "migrations failed", "0099"),
        (RedisAway("Error 111 connecting"), "Redis cannot be used (Error 111", "REDIS_URL"),
        (AuthenticationError("wrong password"), "Redis cannot be used", "REDIS_URL"),
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "/x/y: No space left", "device."),
        (NotFound("There is no run rbx_1."), "There is no run rbx_1.", "runbook: "),
    ],
)
def test_it_is_one_line_that_says_what_happened_and_what_to_do(
    error: Exception, happened: str, mend: str
) -> None:
    said = sentence_of(error)
    assert said is not None
    assert happened in said
    assert mend in said
    assert "\n" not in said
    assert "SELECT" not in said
    assert "s3cr3t" not in said


def test_a_home_that_cannot_be_written_says_which_setting_names_it(tmp_path: Path) -> None:
    error = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "postgres"))
    said = sentence_of(error, tmp_path)
    assert said is not None
    assert "RUNBOOK_HOME" in said
    assert "DATABASE_URL" in said


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("y"), OSError("no file in it")])
def test_what_nobody_foresaw_has_its_traceback_without_values(error: Exception) -> None:
    assert sentence_of(error) is None
    secret = "s3cr3t"  # noqa: F841 it must not be shown
    try:
        raise error
    except Exception as raised:  # noqa: BLE001 whichever
        text = unforeseen_text(raised)
    assert "s3cr3t" not in text.replace('secret = "s3cr3t"', "")
    assert type(error).__name__ in text.splitlines()[-1]


@pytest.mark.parametrize(
    "url",
    [
        "localhost:5432/runbook",
        "mysql://u:hunter2@h/x",
        "sqlite:///x.db",
        "http://u:hunter2@h",
        "postgresql://u:hunter2@h:port/x",
        "postgresql+psycopg2://u:hunter2@h/x",
        "postgresql:/u@h/x",
        "u:hunter2@h",
    ],
)
def test_an_address_of_a_database_that_is_none_names_the_setting_and_not_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        engine_at("DATABASE_OWNER_URL", url)
    assert str(raised.value).startswith("DATABASE_OWNER_URL is not a valid address: ")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["localhost:6379", "http://:hunter2@h", "redis://:hunter2@h:port/0"])
def test_an_address_of_redis_that_is_none_says_so(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        redis_at("REDIS_URL", url)
    assert str(raised.value).startswith("REDIS_URL is not a valid address: ")
    assert "hunter2" not in str(raised.value)
