"""The deployment that is attacked: two teams, each with an admin and a responder, and one platform admin.

Everybody here has a valid token and a Slack account, and nothing else. An attack comes by Slack (a signed request), by
REST (a token), or by a document.
"""

from dataclasses import dataclass, field
from queue import Queue
from textwrap import dedent
from typing import Any

from anyio.from_thread import BlockingPortal
from slack_bolt import App
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from core.decisions.people import Person
from core.execution.executor import Executor
from core.services.access.tokens import ALL_SCOPES, create_token
from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from core.views.executions import ExecutionView
from tests.acceptance.slack.requests import Slack
from tests.conftest import ADMIN, RecordedJobs
from tests.documented import watched
from tests.world import apply_documents, new_incident, see, work_off

PLATFORM = ADMIN
DATA_ADMIN, DATA_OPS = "U0DATAADMIN", "U0DATAOPS"
WEB_ADMIN, WEB_OPS = "U0WEBADMIN", "U0WEBOPS"
NOBODY = "U0NOBODY"
DATA_CHANNEL, WEB_CHANNEL = "C0DATA", "C0WEB"

TEAMS = f"""
kind: team
name: data
members:
  - {{slack: {DATA_ADMIN}, role: admin}}
  - {{slack: {DATA_OPS}, role: responder}}
---
kind: team
name: web
members:
  - {{slack: {WEB_ADMIN}, role: admin}}
  - {{slack: {WEB_OPS}, role: responder}}
"""


@dataclass
class Deployment:
    """`executor` is one worker: it works when a test says `work`. `told`: what people alone were told in Slack."""

    unit_of_work: UnitOfWorkFactory
    web: ASGIApp
    app: App
    executor: Executor
    jobs: RecordedJobs
    response_url: str
    portal: BlockingPortal
    told: "Queue[dict[str, object]]" = field(default_factory=Queue)
    _clients: dict[str, TestClient] = field(default_factory=dict)
    _opened: dict[str, int] = field(default_factory=dict)

    @property
    def slack(self) -> Slack:
        """Clicks and commands, signed as Slack signs them."""
        return Slack(self.app, self.response_url)

    def rest(self, person: str) -> TestClient:
        """A client that carries a token of this person."""
        if person not in self._clients:
            operator = Person(PLATFORM, is_platform_admin=True, source="test")
            with self.unit_of_work.begin() as work:
                token = create_token(work, operator, person, "attack", scopes=ALL_SCOPES)
            self._clients[person] = self.carrying(token)
        return self._clients[person]

    def carrying(self, token: str) -> TestClient:
        """A client that carries this token."""
        headers = {"Authorization": f"Bearer {token}"}
        return watched(TestClient(self.web, raise_server_exceptions=False, headers=headers), self.portal)

    def apply(self, documents: str, *, approve: bool = True) -> None:
        """Definitions as the operator at the terminal writes them; the secrets that they use are declared before."""
        apply_documents(self.unit_of_work, dedent(documents), approve=approve, declared=True)

    def incident(self, team: str = "data", *, opened_by: str = PLATFORM, **values: Any) -> Incident:
        """In the team's channel; a later one, while that is another's, in one of its own."""
        self._opened[team] = number = self._opened.get(team, 0) + 1
        channel = (DATA_CHANNEL if team == "data" else WEB_CHANNEL) + ("" if number == 1 else str(number))
        return new_incident(
            self.unit_of_work, opened_by, **{"team": team, "slack_channel": channel, **values}
        )

    def work(self) -> None:
        """Run every enqueued job until none is left."""
        work_off(self.unit_of_work, self.executor, self.jobs.enqueued)

    def see(self, execution_id: str) -> ExecutionView:
        return see(self.unit_of_work, execution_id)


def apply_teams(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS)
