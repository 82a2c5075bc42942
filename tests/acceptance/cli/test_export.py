"""`runbook export`: what comes out goes in again."""

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from structlog.testing import capture_logs
from typer.testing import CliRunner

from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from cli.client import export
from cli.client.connection import Connection
from cli.main import app
from core.decisions.people import Person
from core.services.access.tokens import create_token
from core.tables import RunbookVersion, WorkflowVersion
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.documents import RUNBOOKS, WORKFLOW
from tests.world import TEAMS, apply_documents


@pytest.fixture
def web(unit_of_work: UnitOfWorkFactory) -> ASGIApp:
    apply_documents(unit_of_work, TEAMS + "---" + RUNBOOKS + "---" + WORKFLOW)
    links = RunLinks("https://runbooks.example", "the signing secret")
    return create_web(
        unit_of_work, slack=None, rest=RestSettings(), pages=PageSettings(links), newest_revision=None
    )


@pytest.fixture(autouse=True)
def connected(
    unit_of_work: UnitOfWorkFactory, web: ASGIApp, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verb's connection leads into the application, as a responder of team database."""
    with unit_of_work.begin() as work:
        token = create_token(work, admin, "U0DBOPS", "test")
    transport = TestClient(web)._transport
    monkeypatch.setattr(export, "connect", lambda _url: Connection("http://127.0.0.1:1", token, transport))


def exported(*arguments: str) -> str:
    with capture_logs():  # the service logs on the same standard output
        result = CliRunner().invoke(app, ["export", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_everything_that_one_may_see_is_exported_and_applied_again_without_a_change(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    text = exported()
    apply_documents(unit_of_work, text)
    with unit_of_work.begin() as work:
        lines = work.session.query(RunbookVersion).filter(RunbookVersion.change != "approved").count()
        lines += work.session.query(WorkflowVersion).filter(WorkflowVersion.change != "approved").count()

    names = [line for line in text.split("\n") if line.startswith("name: ")]
    assert names == [
        "name: db-check",
        "name: db-failover",
        "name: say-hello",
        "name: critical-db-incident",
    ]
    assert lines == 5


def test_one_is_exported_by_its_name() -> None:
    assert exported("say-hello") == (
        "kind: runbook\nname: say-hello\nsteps:\n  - id: pause\n    type: wait\n    for: 1h\n"
    )
    assert exported("--workflow", "critical-db-incident").startswith(
        "kind: workflow\nname: critical-db-incident\n"
    )
