"""A service with a door for agents, an incident, and one agent with a token."""

import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from bot.agents.door import AgentDoor
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from cli.operator import OPERATOR
from core.execution.executor import Executor
from core.limits import STANDARD, Limits
from core.origins import Origins
from core.services.access.people import load_person
from core.services.access.tokens import Grant, create_agent_token
from core.services.runs.approvals import decide_gate
from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from core.views.executions import ExecutionView
from migrations.newest import newest_revision
from slack_sandbox.serving import listen
from tests.world import Target, see, work_off

OWNER, OTHER, AGENT = "U0DBOPS", "U0DBADMIN", "agent:triage"
ORIGIN = "https://runbooks.example"
ORIGINS = Origins("the signing secret")  # of calls that our runs make

Answer = dict[str, Any]

FAILOVER = """
kind: runbook
name: failover
team: database
description: Let the replica take over.
for: {{services: [orders-db]}}
parameters:
  type: object
  required: [cluster]
  properties: {{cluster: {{type: string, enum: [orders, users]}}}}
steps:
  - {{id: lag, type: http, url: "{url}/lag"}}
  - {{id: promote, type: http, method: POST, url: "{url}/promote?of={{{{ params.cluster }}}}"}}
---
kind: runbook
name: people-only
team: database
agents: refuse
steps: [{{id: say, type: message, text: hello}}]
---
kind: runbook
name: of-web
team: web
steps: [{{id: say, type: message, text: hello}}]
"""


@dataclass
class AgentWorld:
    """`url`: of the service. `work`: lets the worker work until nothing is left."""

    unit_of_work: UnitOfWorkFactory
    url: str
    web: ASGIApp
    token: str
    incident: Incident
    executor: Executor
    jobs: list[tuple[str, str]]
    target: Target
    progress: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def client(self, token: str = "", mode: Any = "auto") -> AsyncIterator[Client]:
        """The official client, over HTTP."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http,
            Client(streamable_http_client(f"{self.url}/mcp", http_client=http), mode=mode) as client,
        ):
            yield client

    def work(self) -> None:
        work_off(self.unit_of_work, self.executor, self.jobs)

    def see(self, run: str) -> ExecutionView:
        return see(self.unit_of_work, run)

    def decide(self, run: str, person: str = OTHER, *, approved: bool = True) -> None:
        gate = self.see(run).approval
        assert gate is not None
        with self.unit_of_work.begin() as work:
            decide_gate(work, load_person(work, person, source="test"), gate.id, approved=approved)

    def post(self, body: Any, **headers: str) -> Any:
        """A request that no client of ours would send."""
        given = {"Authorization": f"Bearer {self.token}", "Accept": "application/json, text/event-stream"}
        client = TestClient(self.web, raise_server_exceptions=False)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(
            "/mcp", content=content, headers={"Content-Type": "application/json", **given, **headers}
        )


async def said(client: Client, tool: str, /, **arguments: Any) -> Answer:
    """What a tool answered; it must not be an error."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    found: Answer = json.loads(text_of(result))
    return found


async def refused(client: Client, tool: str, /, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result
    return text_of(result)


def text_of(result: CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


async def proposal(client: Client, key: str = "k1", cluster: str = "orders", **more: Any) -> Answer:
    """Plan a run of failover, and return the arguments to propose it."""
    about = {"incident": "1", "runbook": "failover", "parameters": {"cluster": cluster}}
    plan = await said(client, "plan_run", **about)
    return {**about, "plan": plan["plan"], "proposal": "The replica is well.", "key": key, **more}


@contextmanager
def serving(web: ASGIApp) -> Iterator[str]:
    """Serve the application from a thread, and yield its address."""
    listener, url = listen(0)
    server = uvicorn.Server(uvicorn.Config(web, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield url
    server.should_exit = True
    thread.join(10)
    listener.close()


def application(unit_of_work: UnitOfWorkFactory, limits: Limits = STANDARD) -> ASGIApp:
    door = AgentDoor(unit_of_work, limits, origin=ORIGIN, version="1")
    return create_web(
        unit_of_work,
        slack=None,
        rest=RestSettings(origins=ORIGINS),
        pages=PageSettings(RunLinks("", "secret")),
        newest_revision=newest_revision(),
        agents=door,
    )


def agent_token(
    unit_of_work: UnitOfWorkFactory, name: str = "triage", team: str = "database", owner: str = OWNER
) -> str:
    with unit_of_work.begin() as work:
        return create_agent_token(work, OPERATOR, name, Grant(team=team), owner=owner)


Play = Callable[[Client], Awaitable[None]]
