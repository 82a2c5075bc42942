"""The pool's connections: what they agree on with the server."""

import time
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.poster.poster import listening
from core import database
from core.database import open_engine


def test_who_is_halted_in_a_transaction_lets_its_locks_go(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is paused, or cut off, must not keep the others from the execution that it has locked."""
    monkeypatch.setattr(database, "IDLE_SECONDS", 0.3)
    halted, other = open_engine(database_url), create_engine(database.psycopg_url(database_url))
    lock = text("SELECT pg_advisory_xact_lock(4711)")
    with halted.connect() as connection:
        connection.execute(lock)
        with other.connect() as another:
            another.execute(text("SET lock_timeout = '5s'"))
            another.execute(lock)
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT 1"))
    halted.dispose()
    other.dispose()


def test_who_waits_longer_than_that_outside_of_a_transaction_keeps_the_connection(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "IDLE_SECONDS", 0.2)
    engine = open_engine(database_url)
    with engine.connect() as connection:
        first = connection.scalar(text("SELECT pg_backend_pid()"))
        connection.commit()
        time.sleep(0.5)
        assert connection.scalar(text("SELECT pg_backend_pid()")) == first
    engine.dispose()


def test_the_values_of_a_statement_that_failed_are_not_told(database_url: str) -> None:
    """What is logged of an error has the statement, and not what was somebody's secret."""
    engine = open_engine(database_url)
    with pytest.raises(DBAPIError) as caught, engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM nowhere WHERE a = :value"), {"value": "hunter2"})
    engine.dispose()
    assert "nowhere" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_of_several_hosts_one_that_is_there_and_takes_writes_is_used(database_url: str) -> None:
    """Also by the connection on which the poster hears of what is owed."""
    url = make_url(database_url)
    folder, port = quote(str(url.query["host"]), safe=""), url.query["port"]
    account = f"{url.username}:{quote(str(url.password))}"
    engine = open_engine(f"postgresql://{account}@%2Fnowhere:1,{folder}:{port},127.0.0.1:1/{url.database}")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == url.database
    with listening(engine) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    engine.dispose()
