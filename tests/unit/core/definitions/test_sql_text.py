"""Statements: their placeholders, and what is refused before a server sees it."""

import pytest

from core.definitions.sql_text import (
    UNDONE_BY_MARIADB,
    UNDONE_BY_POSTGRESQL,
    Statement,
    check_reading,
    parse_statement,
)


def dollars(statement: Statement) -> str:
    return statement.with_marks(lambda number: f"${number}")


@pytest.mark.parametrize(
    ("text", "sent", "names"),
    [
        ("SELECT 1;", "SELECT 1", ()),
        ("SELECT %s, %s", "SELECT $1, $2", (None, None)),
        ("SELECT %(a)s, %(b_1)s, %(a)s", "SELECT $1, $2, $3", ("a", "b_1", "a")),
        ("SELECT 'a%%' || %(a)s", "SELECT 'a%' || $1", ("a",)),
        ("  ( SELECT x::text FROM t )", "( SELECT x::text FROM t )", ()),
    ],
)
def test_placeholders(text: str, sent: str, names: tuple[str | None, ...]) -> None:
    statement = parse_statement(text)
    assert (dollars(statement), statement.names, statement.keyword) == (sent, names, "select")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 5 % 2", "Write %% for a percent sign"),
        ("SELECT %(a)d", "Write %% for a percent sign"),
        ("SELECT %s, %(a)s", "not both"),
        ("", "begins with its keyword"),
        ("-- first\nDELETE FROM t", "begins with its keyword"),
        ("/* SELECT */ DELETE FROM t", "begins with its keyword"),
        ("SELECT 1 /*! INTO OUTFILE '/x' */", "Comments that servers execute"),
        ("SELECT 1 /*M!100100 INTO OUTFILE '/x' */", "Comments that servers execute"),
    ],
)
def test_what_is_no_statement(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_statement(text)


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN",
        "start  transaction read write",
        "COMMIT",
        "(((COMMIT",
        "END",
        "ROLLBACK",
        "ABORT",
        "SAVEPOINT x",
        "RELEASE x",
        "PREPARE TRANSACTION 'x'",
        "EXECUTE x",
        "XA COMMIT 'x'",
        "COPY t TO PROGRAM 'sh'",
        "SET TRANSACTION READ WRITE",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "SET transaction_read_only = off",
        "SET default_transaction_read_only = off",
        "SET autocommit = 1",
        "SET @@SESSION.autocommit = 1",
        "SET tx_read_only = 0",
    ],
)
def test_the_transaction_belongs_to_the_step(text: str) -> None:
    with pytest.raises(ValueError, match="the step begins and ends its transaction itself"):
        parse_statement(text)


def test_a_replica_may_be_started() -> None:
    assert parse_statement("START REPLICA").keyword == "start"


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM t",
        "INSERT INTO t VALUES (1)",
        "CALL p()",
        "DO $$ BEGIN END $$",
        "SET ROLE admin",
        "LOCK TABLE t",
        "ANALYZE DELETE FROM t",
        "KILL 5",
        "SELECT pg_terminate_backend(1)",
        'SELECT "pg_terminate_backend"(1)',
        "SELECT pg_terminate_backend/**/(1)",
        "SELECT dblink_exec('x', 'DELETE FROM t')",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "SELECT * FROM t INTO OUTFILE '/tmp/x'",
        "SELECT * FROM t INTO/**/DUMPFILE '/tmp/x'",
    ],
)
def test_what_does_not_only_read(text: str) -> None:
    with pytest.raises(ValueError, match="Set read_only: false"):
        check_reading(parse_statement(text))


def test_comments_without_an_end_take_no_time() -> None:
    """They are looked through once, and not once for each beginning."""
    check_reading(parse_statement("SELECT 1 " + "/*" * 9_000))


@pytest.mark.parametrize("word", ["SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "describe", "Desc"])
def test_what_only_reads(word: str) -> None:
    check_reading(parse_statement(f"{word} x"))


@pytest.mark.parametrize(
    ("text", "by_postgresql", "by_mariadb"),
    [
        ("UPDATE t SET x = 1", True, True),
        ("CREATE TABLE t (x int)", True, False),
        ("SELECT pg_terminate_backend(1)", False, False),
        ("KILL 5", False, False),
        ("CALL p()", False, False),
    ],
)
def test_what_a_rollback_undoes(text: str, by_postgresql: bool, by_mariadb: bool) -> None:
    statement = parse_statement(text)
    assert statement.is_undone(UNDONE_BY_POSTGRESQL) is by_postgresql
    assert statement.is_undone(UNDONE_BY_MARIADB) is by_mariadb
