"""The command line in this process, before the real web application in a thread."""

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from structlog.testing import capture_logs

from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from chaos.forkserver_client import Forkserver
from cli.main import command_line
from core.decisions.people import Person
from core.services.access.tokens import ALL_SCOPES, create_token
from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision
from slack_sandbox.serving import listen
from tests.acceptance.cli.processes import Operator
from tests.acceptance.rest.documents import DRAFT, RUNBOOKS
from tests.snapshots import Snapshots
from tests.world import TEAMS, apply_documents, new_incident


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


Cli = Callable[..., Outcome]


def apply_all(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + RUNBOOKS)
    apply_documents(unit_of_work, DRAFT, approve=False)


@pytest.fixture
def operator(forkserver: Forkserver, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    return Operator(forkserver, tmp_path_factory.mktemp("operator"))


@pytest.fixture
def origin(unit_of_work: UnitOfWorkFactory, snapshots: Snapshots) -> Iterator[str]:
    """Where the web application answers, with two teams and their runbooks."""
    snapshots.begin_with(unit_of_work, apply_all)
    links = RunLinks("", "secret")
    web = create_web(
        unit_of_work,
        slack=None,
        rest=RestSettings(),
        pages=PageSettings(links),
        newest_revision=newest_revision(),
    )
    listener, url = listen(0)
    server = uvicorn.Server(uvicorn.Config(web, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    with capture_logs():  # the web process' own standard output would else be the terminal's
        yield url
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
def incident(origin: str, unit_of_work: UnitOfWorkFactory) -> Incident:
    return new_incident(unit_of_work)


@pytest.fixture
def speak_as(
    unit_of_work: UnitOfWorkFactory, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Let the terminal be another person's."""

    def speak(slack_user_id: str) -> None:
        with unit_of_work.begin() as work:
            token = create_token(work, admin, slack_user_id, "terminal", scopes=ALL_SCOPES)
            monkeypatch.setenv("RUNBOOK_TOKEN", token)

    return speak


@pytest.fixture
def cli(
    origin: str,
    speak_as: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """Runs the command line as a responder of team database, on a terminal of 80 columns."""
    monkeypatch.setenv("RUNBOOK_URL", origin)
    monkeypatch.setenv("COLUMNS", "80")
    speak_as("U0DBOPS")

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["runbook", *arguments])
        with pytest.raises(SystemExit) as ended:
            command_line()
        printed = capsys.readouterr()
        if isinstance(ended.value.code, str):  # the interpreter prints it and ends with 1
            return Outcome(1, printed.out, printed.err + ended.value.code)
        return Outcome(ended.value.code or 0, printed.out, printed.err)

    return run
