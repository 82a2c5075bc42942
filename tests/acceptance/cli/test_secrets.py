"""Declarations of secrets at the terminal: listed, suggested, and checked by the doctor."""

import json
from pathlib import Path

import pytest

from cli.embedded import Services
from core.tables import Secret
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.cli.conftest import Cli
from tests.world import TEAMS, apply_documents

CALLS = """
kind: runbook
name: calls
team: database
steps:
  - {id: a, type: http, url: "{{ secrets.API }}/x"}
"""


@pytest.fixture(autouse=True)
def environment(
    unit_of_work: UnitOfWorkFactory,
    database_url: str,
    services: Services,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> pytest.MonkeyPatch:
    """A library that uses a secret which nobody has declared, and an environment that has it."""
    apply_documents(unit_of_work, f"{TEAMS}---{CALLS}")
    with unit_of_work.begin() as work:
        work.session.query(Secret).delete()
    for name, value in {
        "DATABASE_URL": database_url,
        "REDIS_URL": services.redis_url,
        "RUNBOOK_HOME": str(tmp_path),
        "RUNBOOK_SECRET_API": "https://ops:hunter2@api.example:8443/v1",
        "RUNBOOK_SECRET_IDLE": "hunter3",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_what_is_suggested_can_be_applied_and_is_what_was_missing(cli: Cli, tmp_path: Path) -> None:
    assert "No secrets are declared." in cli("secrets", "list").out
    suggested = cli("secrets", "suggest").out
    assert "hunter2" not in suggested
    assert suggested == (
        "kind: secret\nname: API\nsource:\n  env: RUNBOOK_SECRET_API\nteams:\n  - database\n"
        "hosts:\n  - api.example:8443\n"
    )
    file = tmp_path / "secrets.yaml"
    file.write_text(suggested)
    assert cli("apply", str(file)).out.strip() == "secret API"
    assert cli("secrets", "suggest").out.strip() == "# Every secret that the library uses is declared."
    listed = cli("secrets", "list")
    assert "API" in listed.out
    assert "api.example:8443" in listed.out
    [document] = json.loads(cli("secrets", "list", "--json").out)["secrets"]
    assert document["teams"] == ["database"]


def test_a_definition_whose_secrets_are_not_declared_is_not_applied(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text(CALLS)
    outcome = cli("apply", str(file))
    assert outcome.status == 1
    assert "There is no secret API that definitions of team database may use." in outcome.err
    assert f"{file}:6:31: " in outcome.err


def test_the_doctor_tells_what_is_not_declared_and_what_cannot_be_read(
    cli: Cli, unit_of_work: UnitOfWorkFactory, environment: pytest.MonkeyPatch
) -> None:
    def said() -> list[str]:
        checks = json.loads(cli("doctor", "--json").out)["checks"]
        return [each["message"] for each in checks if each["name"] == "secrets"]

    assert said() == ["Used but not declared: API."]
    apply_documents(unit_of_work, f"{TEAMS}---{CALLS}")
    assert said() == ["1 declared, all readable. Set but not declared, so unused: IDLE."]
    environment.delenv("RUNBOOK_SECRET_API")
    assert said() == ["API: RUNBOOK_SECRET_API is not set."]
