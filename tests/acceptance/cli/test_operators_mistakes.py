"""What an operator gets wrong is answered in one sentence; a process that cannot begin waits, and says so once."""

from pathlib import Path

import pytest

from cli.addresses import engine_at
from cli.embedded import create_database
from cli.embedded.roles import connect
from migrations.upgrade import upgrade_database
from tests.acceptance.cli.processes import Operator

ALONE = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
    "SLACK_API_URL": "http://127.0.0.1:1/api/",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PORT": "0",
    "RUNBOOK_CONCURRENCY": "1",
}
numbers = iter(range(1000))


@pytest.fixture
def empty(owner_url: str, worker_id: str) -> str:
    """A database that nobody migrated yet."""
    return create_database(owner_url, f"mistakes_{worker_id}_{next(numbers)}")


@pytest.fixture
def newer(owner_url: str, worker_id: str) -> str:
    """A database that a newer release migrated."""
    url = create_database(owner_url, f"mistakes_{worker_id}_{next(numbers)}")
    with connect(url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32))")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    return url


AT_THE_DATABASE = pytest.mark.parametrize(
    "command",
    [
        ("token", "list"),
        ("audit", "head"),
        ("audit", "verify"),
        ("secrets", "list"),
        ("secrets", "suggest"),
        ("restored",),
        ("apply", "examples/definitions"),
    ],
    ids=" ".join,
)


@AT_THE_DATABASE
def test_a_command_at_a_database_that_nobody_migrated_says_migrate(
    operator: Operator, empty: str, command: tuple[str, ...]
) -> None:
    status, printed = operator.said({**ALONE, "DATABASE_URL": empty}, *command)
    assert (status, printed.count("\n")) == (1, 1), printed
    assert "runbook migrate" in printed


@AT_THE_DATABASE
def test_a_command_of_an_older_release_leaves_a_database_alone_that_does_not_fit_it(
    operator: Operator, newer: str, command: tuple[str, ...]
) -> None:
    """All the tables may be there, and the command would write into them what the newer release cannot read."""
    with connect(newer) as connection:
        connection.execute("DROP TABLE alembic_version")
    engine = engine_at("DATABASE_URL", newer)
    upgrade_database(engine)
    engine.dispose()
    with connect(newer) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE schema_compatibility SET oldest_code = '9998'")
    status, printed = operator.said({**ALONE, "DATABASE_URL": newer}, *command)
    assert (status, printed.count("\n")) == (1, 1), printed
    assert "A newer release migrated the database to 9999" in printed
    assert "Run a release that can (9998 or newer)." in printed


def test_a_database_that_is_not_as_it_says_is_not_migrated(operator: Operator, empty: str) -> None:
    with connect(empty) as connection:
        connection.execute("CREATE TABLE teams (id text)")
    status, printed = operator.said({**ALONE, "DATABASE_URL": empty}, "migrate")
    assert (status, printed.count("\n")) == (1, 1), printed
    assert "already contains something" in printed


def test_an_older_release_does_not_migrate_a_newer_database(operator: Operator, newer: str) -> None:
    status, printed = operator.said({**ALONE, "DATABASE_URL": newer}, "migrate")
    assert (status, printed.count("\n")) == (1, 1), printed
    assert "a newer release migrated it" in printed
    assert "Nothing was changed" in printed


@pytest.mark.parametrize("command", ["worker", "web", "migrate", "up"])
def test_a_home_that_cannot_be_made_is_a_sentence_that_names_the_setting(
    operator: Operator, tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    environment = {**ALONE, "REDIS_URL": "", "RUNBOOK_HOME": str(tmp_path / "file" / "home")}
    status, printed = operator.said(environment, command)
    assert (status, printed.count("\n")) == (1, 1), printed
    assert "RUNBOOK_HOME" in printed


@pytest.mark.parametrize("command", ["worker", "poster", "clock", "web", "migrate"])
@pytest.mark.parametrize("setting", ["DATABASE_URL", "REDIS_URL"])
def test_an_address_that_is_none_is_a_sentence_that_names_the_setting(
    operator: Operator, command: str, setting: str
) -> None:
    environment = {
        **ALONE,
        "DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/x",
        setting: "u:hunter2@h:1/x",
    }
    status, printed = operator.said(environment, command)
    if (command, setting) != ("migrate", "REDIS_URL"):  # which it does not use
        assert f"{setting} is not a valid address" in printed
    assert (status, printed.count("\n")) == (1, 1), printed
    assert "hunter2" not in printed


@pytest.mark.parametrize("command", ["worker", "poster", "clock"])
def test_a_process_waits_for_the_migration_and_says_so_once(
    operator: Operator, empty: str, command: str
) -> None:
    environment = {**ALONE, "DATABASE_URL": empty}
    with operator.started({**environment}, command) as process:
        process.until("waiting for the database")
        assert operator.said(environment, "migrate")[0] == 0
        process.until("the database is ready")
        assert process.ends() == 0, process.printed
    assert process.printed.count("waiting for the database") == 1
    assert "this release needs" in process.printed
    assert f"{command} stops" in process.printed
    assert "Traceback" not in process.printed


def test_web_answers_while_it_waits_for_the_database(operator: Operator) -> None:
    environment = {**ALONE, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    with operator.started(environment, "web") as web:
        web.until("web listens")
        web.until("waiting for the database")
        assert web.ends() == 0, web.printed
    assert "web stops" in web.printed
    assert "Traceback" not in web.printed


def test_a_process_waits_for_a_database_that_is_down_and_says_so_once(operator: Operator) -> None:
    with operator.started(
        {**ALONE, "DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/none"}, "clock"
    ) as clock:
        clock.until("waiting for the database")
        assert clock.ends() == 0
    assert clock.printed.count("\n") == 3, clock.printed
    assert "database=postgresql://u@127.0.0.1:1/none" in clock.printed
    assert "hunter2" not in clock.printed
