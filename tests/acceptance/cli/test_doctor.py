"""The doctor, before real services."""

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, text

from cli import setting_checks
from cli.embedded import Services, create_database
from cli.embedded.roles import connect
from cli.readiness import why_not_ready
from core.services.operations.health import Life
from core.tables import Process
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision
from migrations.upgrade import upgrade_database
from slack_sandbox.config import AppConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.acceptance.cli.conftest import Cli
from tests.integration.core.pooler import Pooler
from tests.integration.workers.redis_servers import Start
from tests.integration.workers.redis_servers import start as start

APP = AppConfig()


@pytest.fixture
def healthy(
    database_url: str, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """An environment in which all is well."""
    with RunningSandbox(WorkspaceConfig()) as slack:
        environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": services.redis_url,
            "RUNBOOK_HOME": str(tmp_path),
            "SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": APP.bot_token,
            "SLACK_SIGNING_SECRET": APP.signing_secret,
            "RUNBOOK_SHELL": "on",
            "RUNBOOK_SHELL_USER": str(os.geteuid()),
            "RUNBOOK_EGRESS": "127.0.0.1",
            "RUNBOOK_ADMINS": "U0ERIN",
            "PORT": "0",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield monkeypatch


@pytest.fixture(autouse=True)
def at_work(unit_of_work: UnitOfWorkFactory) -> None:
    """Of each process that is needed there is one."""
    with unit_of_work.begin() as work:
        for kind in ("worker", "poster", "clock"):
            Life(kind, "1.0").give_sign(work)


def test_processes_that_nobody_hears_of_are_wrong(
    healthy: pytest.MonkeyPatch, cli: Cli, unit_of_work: UnitOfWorkFactory
) -> None:
    with unit_of_work.begin() as work:
        work.session.execute(delete(Process).where(Process.kind != "clock"))
    outcome = cli("doctor")

    assert outcome.status == 1
    said = " ".join(outcome.out.split())
    assert "None alive, there was no sign of life: no run or workflow continues" in said
    assert "Start one with `runbook poster`" in said
    found = checks(cli)
    assert [found[kind] for kind in ("worker", "poster", "clock")] == [False, False, True]


def test_a_pooler_of_transactions_is_wrong(healthy: pytest.MonkeyPatch, cli: Cli, database_url: str) -> None:
    with Pooler(database_url, by_transaction=True) as pooler:
        healthy.setenv("DATABASE_URL", pooler.url)
        found = finding(cli, "database")

    assert not found["ok"]
    assert "pool_mode = transaction" in found["message"]
    assert "pool_mode = session" in found["hint"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--replicaof", "127.0.0.1", "1"), "a replica"),
        (("--cluster-enabled", "yes"), "Cluster"),
    ],
)
def test_a_redis_that_answers_and_cannot_be_used_is_wrong(
    healthy: pytest.MonkeyPatch, cli: Cli, start: Start, arguments: tuple[str, ...], said: str
) -> None:
    healthy.setenv("REDIS_URL", f"redis://127.0.0.1:{start(*arguments)}/0")
    found = finding(cli, "redis")

    assert not found["ok"]
    assert said in found["message"]


def checks(cli: Cli) -> dict[str, bool]:
    return {each["name"]: each["ok"] for each in json.loads(cli("doctor", "--json").out)["checks"]}


def test_where_all_is_well_every_line_says_ok(healthy: pytest.MonkeyPatch, cli: Cli) -> None:
    outcome = cli("doctor")

    assert outcome.status == 0, outcome.out
    assert "WRONG" not in outcome.out
    assert sum(line.startswith("ok") for line in outcome.out.splitlines()) == 19
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_as_json_it_says_the_same(healthy: pytest.MonkeyPatch, cli: Cli) -> None:
    answer = json.loads(cli("doctor", "--json").out)

    assert answer["ok"] is True
    names = [
        "settings",
        "packages",
        "database",
        "redis",
        "time",
        "tokens",
        "secrets",
        "worker",
        "poster",
        "clock",
    ]
    names += ["slack token", "slack scopes", "signing secret", "sign in", "admins", "port", "files", "egress"]
    names += ["shell"]
    assert [each["name"] for each in answer["checks"]] == names


def test_a_token_that_slack_refuses_is_wrong(healthy: pytest.MonkeyPatch, cli: Cli) -> None:
    healthy.setenv("SLACK_BOT_TOKEN", "xoxb-revoked")
    outcome = cli("doctor")

    assert outcome.status == 1
    assert "invalid_auth" in outcome.out


def test_a_database_without_migrations_is_wrong(
    healthy: pytest.MonkeyPatch, cli: Cli, services: Services, worker_id: str
) -> None:
    healthy.setenv("DATABASE_URL", create_database(services.owner_url, f"doctor_{worker_id}"))
    outcome = cli("doctor")

    assert outcome.status == 1
    assert "Run `runbook migrate`." in " ".join(outcome.out.split())


def test_services_that_do_not_answer_are_wrong_and_no_password_is_shown(
    healthy: pytest.MonkeyPatch, cli: Cli
) -> None:
    healthy.setenv("DATABASE_URL", "postgresql://who:hunter2@127.0.0.1:9/none")
    healthy.setenv("REDIS_URL", "redis://:hunter3@127.0.0.1:9/0")
    outcome = cli("doctor")

    assert outcome.status == 1
    assert checks(cli) | {"database": False, "redis": False} == checks(cli)
    assert "hunter" not in outcome.out


def finding(cli: Cli, name: str) -> dict[str, str]:
    [found] = [each for each in json.loads(cli("doctor", "--json").out)["checks"] if each["name"] == name]
    return found  # type: ignore[no-any-return]  # of JSON


def test_a_database_that_a_newer_release_migrated_is_no_case_for_migrate(
    healthy: pytest.MonkeyPatch, cli: Cli, services: Services, worker_id: str
) -> None:
    url = create_database(services.owner_url, f"doctor_newer_{worker_id}")
    with connect(url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32))")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    healthy.setenv("DATABASE_URL", url)
    found = finding(cli, "database")

    assert not found["ok"]
    assert "9999" in found["message"]
    assert "Run `runbook migrate`" not in found["hint"]


@pytest.mark.parametrize(("oldest_code", "fits"), [(newest_revision(), True), ("9998", False)])
def test_a_newer_schema_is_judged_by_the_rule_that_the_processes_start_by(
    healthy: pytest.MonkeyPatch,
    cli: Cli,
    unit_of_work: UnitOfWorkFactory,
    owner_engine: Engine,
    oldest_code: str,
    fits: bool,
) -> None:
    try:
        with owner_engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            connection.execute(text(f"UPDATE schema_compatibility SET oldest_code = '{oldest_code}'"))
        found, why_not = finding(cli, "database"), why_not_ready(unit_of_work)
    finally:
        with owner_engine.begin() as connection:
            connection.execute(text(f"UPDATE alembic_version SET version_num = '{newest_revision()}'"))
        upgrade_database(owner_engine)

    assert bool(found["ok"]) is fits
    assert (why_not is None) is fits
    assert "9999" in found["message"]
    assert "Run `runbook migrate`" not in found["hint"]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_an_hour_off_is_found(healthy: pytest.MonkeyPatch, cli: Cli, hours: int) -> None:
    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Wrong":
            return cls.fromtimestamp(time.time() + hours * 3600, tz)

    healthy.setattr(setting_checks, "datetime", Wrong)
    found = finding(cli, "time")

    assert not found["ok"]
    assert ("ahead of" if hours > 0 else "behind") in found["message"]
    assert "the database's and" in found["message"]
    assert "Slack's" in found["message"]


def test_an_address_that_is_none_is_a_finding_and_the_others_are_looked_at(
    healthy: pytest.MonkeyPatch, cli: Cli
) -> None:
    healthy.setenv("DATABASE_URL", "mysql://who:hunter2@h/x")
    found = finding(cli, "services")

    assert not found["ok"]
    assert "DATABASE_URL is not a valid address" in found["message"]
    assert "shell" in checks(cli)


def test_a_home_that_cannot_be_made_is_a_finding(
    healthy: pytest.MonkeyPatch, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    healthy.setenv("RUNBOOK_HOME", str(tmp_path / "file" / "home"))
    healthy.setenv("REDIS_URL", "")

    assert "RUNBOOK_HOME" in finding(cli, "services")["message"]
