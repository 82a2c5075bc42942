"""Steps of type sql against the embedded PostgreSQL and a real MariaDB."""

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from cli.apply import apply_text
from core.definitions.runbook import RunbookDefinition
from core.definitions.validate import validate_files
from core.services.executions.loading import LEASE
from core.statuses import Status, WaitingFor
from core.steps.sql import SqlStep
from tests.integration.core.execution.test_secrets import everything
from tests.integration.core.remote.common import equip, error_of, output_of, run, until
from tests.integration.core.remote.databases import Database
from tests.integration.core.world import CoreWorld
from tests.servers.lone_worker import start_lone_worker
from tests.world import new_executor


def sql(*statements: str, **fields: object) -> str:
    """A step with these statements."""
    texts = {"statement": statements[0]} if len(statements) == 1 else {"statements": list(statements)}
    return f"- {json.dumps({'id': 'ask', 'type': 'sql', 'url': '{{ secrets.SHOP }}', **texts, **fields})}\n"


def test_rows_are_read_as_json(world: CoreWorld, database: Database) -> None:
    equip(world, SHOP=database.url)
    step = sql(
        "SELECT id, name, price, made, bits FROM items WHERE price > %(least)s OR name LIKE '%%n%%' ORDER BY id",
        parameters={"least": 10},
        expect="answer.row_count == 2 && !answer.is_cut",
        save={"first": "answer.rows[0].name"},
    )
    execution = run(world, step + '- {id: say, type: message, text: "{{ steps.ask.saved.first }}"}')
    assert world.see(execution).status is Status.SUCCEEDED, error_of(world, execution)
    assert output_of(world, execution) == {
        "row_count": 2,
        "is_cut": False,
        "rows": [
            {"id": 1, "name": "one", "price": "1.50", "made": "2026-01-02T03:04:05", "bits": None},
            {"id": 2, "name": None, "price": "20.00", "made": None, "bits": None},
        ],
    }
    assert world.step(execution, 1).output == {"text": "one"}


HOSTILE = "x'); DELETE FROM items; -- \\' \" %s ' OR 1=1"


def test_values_are_values_whatever_is_in_them(world: CoreWorld, database: Database) -> None:
    equip(world, SHOP=database.url)
    step = sql(
        "INSERT INTO items (id, name) VALUES (%(id)s, %(name)s)",
        "UPDATE items SET name = %(name)s WHERE id = %(id)s AND name = %(name)s",
        parameters={"id": 3, "name": HOSTILE},
        read_only=False,
    )
    execution = run(world, step)
    assert world.statuses(execution) == [Status.SUCCEEDED], error_of(world, execution)
    assert database.names() == ["one", None, HOSTILE]


def test_a_value_inside_quotes_is_no_placeholder(world: CoreWorld, database: Database) -> None:
    """Were values put into the text, one could end the quotes."""
    equip(world, SHOP=database.url)
    execution = run(world, sql("SELECT * FROM items WHERE name = '%s'", parameters=["x' OR 'a'='a"]))
    assert world.statuses(execution) == [Status.FAILED]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM items FOR UPDATE; DELETE FROM items",
        "SELECT 1; COMMIT; DELETE FROM items",
        "WITH gone AS (DELETE FROM items RETURNING 1) SELECT * FROM gone",
        "EXPLAIN ANALYZE DELETE FROM items",
        "SELECT nextval('numbers')",
        "SELECT write_item()",
    ],
)
def test_what_only_reads_cannot_write(world: CoreWorld, database: Database, statement: str) -> None:
    """Each of these passes validation; the server refuses it."""
    prepare_functions(database)
    equip(world, SHOP=database.url)
    execution = run(world, sql(statement))
    assert world.statuses(execution) == [Status.FAILED], output_of(world, execution)
    assert "Nothing was changed" in error_of(world, execution)
    assert database.names() == ["one", None]


def prepare_functions(database: Database) -> None:
    """A function that writes, and a sequence."""
    if database.kind == "postgresql":
        body = "$$ INSERT INTO items (id) VALUES (9) RETURNING id $$ LANGUAGE sql"
        database.query(f"CREATE OR REPLACE FUNCTION write_item() RETURNS int AS {body}")
    else:
        body = "RETURNS int BEGIN INSERT INTO items (id) VALUES (9); RETURN 1; END"
        database.query(f"CREATE OR REPLACE FUNCTION write_item() {body}")
    database.query("CREATE SEQUENCE IF NOT EXISTS numbers")


def test_a_read_only_transaction_stays_one(world: CoreWorld, postgresql_database: Database) -> None:
    """Even if a function tries to make it writable, which validation cannot see."""
    body = "$$ SELECT set_config('transaction_read_only', 'off', true) $$ LANGUAGE sql"
    postgresql_database.query(f"CREATE OR REPLACE FUNCTION open_up() RETURNS text AS {body}")
    equip(world, SHOP=postgresql_database.url)
    execution = run(world, sql("SELECT open_up()"))
    assert world.statuses(execution) == [Status.FAILED]
    assert "transaction read-write mode" in error_of(world, execution)


def test_writes_are_all_done_or_none(world: CoreWorld, database: Database) -> None:
    equip(world, SHOP=database.url)
    step = sql(
        "INSERT INTO items (id, name) VALUES (3, 'three')",
        "INSERT INTO items (id, name) VALUES (1, 'again')",
        read_only=False,
    )
    execution = run(world, step)
    assert world.statuses(execution) == [Status.FAILED]
    assert error_of(world, execution).startswith("Statement 2: ")
    assert error_of(world, execution).endswith("Nothing was changed: the transaction was rolled back.")
    assert database.names() == ["one", None]


def test_a_definition_that_mariadb_commits_at_once_leaves_a_question(
    world: CoreWorld, mariadb_database: Database
) -> None:
    """The second statement fails, and no rollback undoes the first."""
    equip(world, SHOP=mariadb_database.url)
    step = sql("CREATE TABLE made_at_once (id int)", "SELECT nothing FROM nowhere", read_only=False)
    execution = run(world, step)
    assert world.see(execution).waiting_for is WaitingFor.VERDICT
    assert "may not have been undone" in error_of(world, execution)
    mariadb_database.query("DROP TABLE made_at_once")


def test_a_table_without_transactions_leaves_a_question(world: CoreWorld, mariadb_database: Database) -> None:
    mariadb_database.query("CREATE OR REPLACE TABLE plain (id int PRIMARY KEY) ENGINE = MyISAM")
    equip(world, SHOP=mariadb_database.url)
    insert = "INSERT INTO plain VALUES (1)"
    execution = run(world, sql(insert, insert, read_only=False))
    assert world.see(execution).waiting_for is WaitingFor.VERDICT
    assert mariadb_database.query("SELECT id FROM plain") == [(1,)]


def test_what_mariadb_refuses_to_prepare_was_not_done(world: CoreWorld, mariadb_database: Database) -> None:
    """Its kind of statement is not undone by a rollback, but it never began."""
    equip(world, SHOP=mariadb_database.url)
    execution = run(world, sql("CREATE TABLE (", read_only=False))
    assert world.statuses(execution) == [Status.FAILED]
    assert "Nothing was changed" in error_of(world, execution)


def test_a_kill_that_comes_too_late_changes_nothing_about_what_is_known(
    world: CoreWorld, mariadb_database: Database
) -> None:
    """The statement has failed by itself before the KILL that should end it arrives."""
    equip(world, SHOP=mariadb_database.url)

    def kill(data: bytes) -> None:
        if b"ROLLBACK" in data:
            mariadb_database.proxy.on_data = lambda _: None
            found = (
                "SELECT id FROM information_schema.processlist WHERE user = 'app' AND id <> connection_id()"
            )
            for (connection,) in mariadb_database.query(found):
                mariadb_database.query(f"KILL QUERY {connection}")

    mariadb_database.proxy.on_data = kill
    execution = run(world, sql("INSERT INTO plain_nothing VALUES (1)", read_only=False))
    assert world.statuses(execution) == [Status.FAILED]
    assert "Nothing was changed" in error_of(world, execution)


def test_rows_beyond_the_bound_are_left_out(world: CoreWorld, database: Database) -> None:
    """And a large answer is not read to its end."""
    equip(world, SHOP=database.url)
    many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT a.i FROM n a, n b"
    execution = run(world, sql(many, "SELECT 7 AS seven", max_rows=3))
    assert world.statuses(execution) == [Status.SUCCEEDED], error_of(world, execution)
    results: Any = output_of(world, execution)["results"]
    first, second = results
    assert len(first["rows"]) == 3
    assert first["is_cut"] is True
    assert second == {"rows": [{"seven": 7}], "row_count": 1, "is_cut": False}


def test_large_values_are_cut(world: CoreWorld, database: Database) -> None:
    equip(world, SHOP=database.url)
    execution = run(
        world,
        sql("SELECT repeat('abc ', 500000) AS big"),
    )
    assert world.statuses(execution) == [Status.SUCCEEDED], error_of(world, execution)
    assert "bytes left out" in json.dumps(output_of(world, execution))
    assert len(json.dumps(output_of(world, execution))) < 10_000


def test_secrets_are_masked_in_rows_and_errors(world: CoreWorld, database: Database) -> None:
    equip(world, SHOP=database.url, TOKEN="correct-horse-battery")
    step = sql("SELECT %(token)s AS token, 1 AS number", parameters={"token": "{{ secrets.TOKEN }}"})
    wrong = sql(
        "SELECT no_such_column FROM items WHERE name = %(token)s", parameters={"token": "{{ secrets.TOKEN }}"}
    )
    first, second = run(world, step), run(world, wrong)
    assert output_of(world, first)["rows"] == [{"token": "***", "number": 1}]
    assert world.statuses(second) == [Status.FAILED]
    stored = everything(world)
    assert "correct-horse" not in stored
    assert database.url.split("@")[0].rpartition(":")[2] not in stored


def test_a_statement_takes_no_longer_than_its_timeout(world: CoreWorld, database: Database) -> None:
    equip(world, SHOP=database.url)
    execution = run(world, sql(database.sleeps, timeout="1s"))
    assert world.statuses(execution) == [Status.FAILED]
    assert "Nothing was changed" in error_of(world, execution)
    until(lambda: not database.is_sleeping(), "the statement's end")


def test_a_cancelled_run_ends_its_statement(world: CoreWorld, database: Database) -> None:
    equip(world, SHOP=database.url)
    insert = "INSERT INTO items (id, name) VALUES (3, 'three')"
    execution = world.begin(sql(insert, database.sleeps, read_only=False))
    worker = threading.Thread(target=world.work)
    worker.start()
    until(database.is_sleeping, "the statement")
    world.cancel(execution)
    worker.join(30)
    assert world.see(execution).status is Status.CANCELLED
    assert "The statements were stopped: stopped." in error_of(world, execution)
    assert "Nothing was changed" in error_of(world, execution)
    assert not database.is_sleeping()
    assert database.names() == ["one", None]


@pytest.mark.parametrize("read_only", [True, False])
def test_a_killed_worker_leaves_a_question_only_if_something_may_have_changed(
    world: CoreWorld, database: Database, database_url: str, read_only: bool
) -> None:
    equip(world, SHOP=database.url)
    until(lambda: not database.is_sleeping(), "the end of what other tests left")
    execution = world.begin(sql(database.sleeps.replace("30", "6"), read_only=read_only))
    worker = start_lone_worker(database_url, execution, {"SHOP": database.url})
    until(database.is_sleeping, "the statement")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    world.pass_by(seconds=LEASE.total_seconds() + 1)
    if read_only:
        assert world.statuses(execution) == [Status.SUCCEEDED]
    else:
        assert world.see(execution).waiting_for is WaitingFor.VERDICT


def cut_at(database: Database, text: bytes) -> None:
    """Cut the connections when a client sends this."""
    database.proxy.on_data = lambda data: database.proxy.cut() if text in data else None


def test_a_connection_that_is_lost_before_the_commit_fails_the_step(
    world: CoreWorld, database: Database
) -> None:
    equip(world, SHOP=database.url)
    cut_at(database, b"UPDATE items")
    statements = "INSERT INTO items (id, name) VALUES (3, 'three')", "UPDATE items SET name = 'x'"
    execution = run(world, sql(*statements, read_only=False))
    assert world.statuses(execution) == [Status.FAILED]
    assert "The connection was lost" in error_of(world, execution)
    assert "Nothing was changed: the transaction was not committed." in error_of(world, execution)
    assert database.names() == ["one", None]


def test_a_connection_that_is_lost_at_the_commit_leaves_a_question(
    world: CoreWorld, database: Database
) -> None:
    equip(world, SHOP=database.url)
    cut_at(database, b"COMMIT")
    execution = run(world, sql("UPDATE items SET name = 'x'", read_only=False))
    assert world.see(execution).waiting_for is WaitingFor.VERDICT
    assert "while the transaction was committed" in error_of(world, execution)
    assert "Nobody knows whether it was." in error_of(world, execution)


def test_what_acts_outside_of_the_transaction_leaves_a_question_if_the_connection_is_lost(
    world: CoreWorld, postgresql_database: Database
) -> None:
    equip(world, SHOP=postgresql_database.url)
    step = sql("SELECT pg_terminate_backend(pg_backend_pid())", read_only=False)
    execution = run(world, step)
    assert world.see(execution).waiting_for is WaitingFor.VERDICT


def test_an_answer_that_is_not_as_expected_says_whether_it_was_committed(
    world: CoreWorld, database: Database
) -> None:
    equip(world, SHOP=database.url)
    update = "UPDATE items SET name = 'two' WHERE id = 2"
    execution = run(world, sql(update, read_only=False, expect="answer.row_count == 2"))
    assert world.statuses(execution) == [Status.FAILED]
    assert error_of(world, execution) == (
        "The answer is not as expected: answer.row_count == 2. The transaction was committed."
    )
    assert database.names() == ["one", "two"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("127.0.0.1", "127.0.0.2", "127.0.0.2 may not be called from here"),
        ("127.0.0.1", "no-such-host.invalid", "no-such-host.invalid has no address"),
        ("://", "ql://", "The URL of the database cannot be used: its scheme is none of"),
        ("127.0.0.1", "127.0.0.1,127.0.0.2", "The URL of the database cannot be used"),
    ],
    ids=["forbidden by the egress policy", "unknown", "another scheme", "two hosts"],
)
def test_a_host_that_cannot_be_called_fails_the_step(
    world: CoreWorld, database: Database, old: str, new: str, said: str
) -> None:
    execution = world.begin(sql("SELECT 1"))
    equip(world, SHOP=database.url.replace(old, new))
    restrict(world, database.url.replace(old, new), types=["sql"])
    world.work()
    assert world.statuses(execution) == [Status.FAILED]
    assert said in error_of(world, execution)
    assert database.proxy.seen == 0


def restrict(world: CoreWorld, value: str, **declaration: object) -> None:
    """Declare the URL anew, for a worker that has seen no earlier declaration."""
    about = {"kind": "secret", "name": "SHOP", "source": {"env": "RUNBOOK_SECRET_SHOP"}}
    document = json.dumps({**about, "teams": ["database"], **declaration})
    apply_text(world.unit_of_work, document, "secrets.yaml", approve=False)
    world.executor = new_executor(world.unit_of_work, secrets={"SHOP": value})


def test_a_secret_is_sent_only_to_the_hosts_of_its_declaration(world: CoreWorld, database: Database) -> None:
    execution = world.begin(sql("SELECT 1"))
    restrict(world, database.url, types=["sql"], hosts=["db.example"])
    world.work()
    assert world.statuses(execution) == [Status.FAILED]
    assert "the secret SHOP may not be sent to its destination" in error_of(world, execution)
    assert database.proxy.seen == 0


def test_a_wrong_password_fails_the_step(world: CoreWorld, mariadb_database: Database) -> None:
    equip(world, SHOP=mariadb_database.url.replace("app-password-1", "wrong-password-1"))
    execution = run(world, sql("SELECT 1"))
    assert world.statuses(execution) == [Status.FAILED]
    assert "Access denied for user 'app'@'127.0.0.1'" in error_of(world, execution)


def test_kinds_of_values(world: CoreWorld, postgresql_database: Database) -> None:
    equip(world, SHOP=postgresql_database.url)
    step = sql(
        "SELECT ARRAY[1, 2] AS a, '{\"x\": [1]}'::jsonb AS j, 'infinity'::timestamptz AS t, 'NaN'::float8 AS f, "
        "'\\x00ff'::bytea AS b, interval '1 day 2 hours' AS i, '10.0.0.1'::inet AS n, 1 AS one, 2 AS one, "
        "%(list)s::int[] AS list, (%(map)s::jsonb)->>'k' AS v, true AS yes",
        parameters={"list": [3, 4], "map": {"k": "v"}},
    )
    execution = run(world, step)
    assert world.statuses(execution) == [Status.SUCCEEDED], error_of(world, execution)
    rows: Any = output_of(world, execution)["rows"]
    [row] = rows
    assert row["t"] == "infinity"
    assert (row["one"], row["one_2"]) in {(1, 2), ("1", "2")}


def test_the_statements_of_the_example_are_understood(
    world: CoreWorld, postgresql_database: Database
) -> None:
    definitions, _ = validate_files([Path("examples/definitions/slow-queries.yaml")])
    [runbook] = [each for each in definitions if isinstance(each, RunbookDefinition)]
    slow, end = (step for step in runbook.steps if isinstance(step, SqlStep))
    equip(world, SHOP=postgresql_database.url)
    looked = run(world, sql(str(slow.statement), parameters={"database": "orders", "minutes": 5}))
    ended = run(world, sql(str(end.statement), parameters={"pids": [1, 70_000]}, read_only=False))
    for execution in (looked, ended):
        assert world.statuses(execution) == [Status.SUCCEEDED], error_of(world, execution)
        assert output_of(world, execution)["rows"] == []
