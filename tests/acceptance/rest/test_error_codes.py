"""Every code of the API is answered by a real application, and its `type` leads to what the code means."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import anyio
import httpx2
import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from bot.limits import RateLimit
from bot.pages import guards
from bot.pages.guards import LARGEST_BODY
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest import incidents
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.database import open_engine
from core.decisions.people import Person
from core.error_codes import ErrorCode
from core.services.access.tokens import create_token
from core.statuses import TokenScope
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import DRAFT, INCIDENT
from tests.acceptance.rest.library import runbook, written
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import ADMIN
from tests.world import apply_documents

JSON = {"Content-Type": "application/json"}
REQUESTS = 20  # that a token may make at once here
LOCKED = """
kind: runbook
name: locked
lock: "the-lock-{{ 6 / params.parts }}"
parameters: {type: object, properties: {parts: {type: integer, default: 1}}}
steps: [{id: pause, type: wait, for: 1h}]
"""


@dataclass(frozen=True)
class World:
    """The application, who asks it, and what it can be made to suffer."""

    web: ASGIApp
    unit_of_work: UnitOfWorkFactory
    engine: Engine
    responder: TestClient
    platform: TestClient
    reader: TestClient
    stranger: TestClient
    patch: pytest.MonkeyPatch

    def incident(self) -> str:
        return str(opened(self.responder)["id"])

    def execute(self, name: str, incident: str, **parameters: object) -> httpx2.Response:
        address = f"/api/incidents/{incident}/runbooks/{name}/execute"
        return self.responder.post(address, json={"parameters": parameters})

    def run(self) -> str:
        started = self.execute("say-hello", self.incident())
        return str(started.json()["execution"]["id"])


@pytest.fixture
def web(web: ASGIApp, unit_of_work: UnitOfWorkFactory, links: RunLinks) -> ASGIApp:
    """The application; one vendor signs its alerts."""
    limit = RateLimit(rate=0.001, burst=REQUESTS)
    settings = RestSettings(limit=limit, alert_secrets={"sentry": ("the secret",)})
    return create_web(
        unit_of_work, slack=None, rest=settings, pages=PageSettings(links), newest_revision=None
    )


@pytest.fixture
def world(
    web: ASGIApp,
    unit_of_work: UnitOfWorkFactory,
    engine: Engine,
    client_of: ClientOf,
    stranger: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    apply_documents(unit_of_work, LOCKED)
    responder, platform, reader = client_of("U0DBOPS"), client_of(ADMIN), client_of("U0DBOPS")
    with unit_of_work.begin() as work:
        operator = Person(ADMIN, is_platform_admin=True, source="test")
        token = create_token(work, operator, "U0DBOPS", "reads", scopes=[TokenScope.READ])
    reader.headers["Authorization"] = f"Bearer {token}"
    return World(web, unit_of_work, engine, responder, platform, reader, stranger, monkeypatch)


def bad_request(world: World) -> httpx2.Response:
    return world.responder.post("/api/incidents", content=b'{"title": "\xff"}', headers=JSON)


def unauthenticated(world: World) -> httpx2.Response:
    return world.stranger.get("/api/incidents", headers={"Authorization": "Bearer rbt_unknown"})


def bad_signature(world: World) -> httpx2.Response:
    return world.platform.post("/api/alerts/sentry", json={}, headers={"Sentry-Hook-Signature": "00"})


def not_allowed(world: World) -> httpx2.Response:
    return world.responder.post("/api/incidents", json=INCIDENT | {"team": "web"})


def insufficient_scope(world: World) -> httpx2.Response:
    return world.reader.post("/api/incidents", json=INCIDENT)


def not_found(world: World) -> httpx2.Response:
    return world.responder.get("/api/incidents/inc-404")


def route_not_found(world: World) -> httpx2.Response:
    return world.responder.get("/api/v2/incidents")


def method_not_allowed(world: World) -> httpx2.Response:
    return world.responder.delete("/api/approvals")


def request_timeout(world: World) -> httpx2.Response:
    """A large group of alerts whose rest does not come."""
    world.patch.setattr(guards, "LARGE_SECONDS", 0.0)
    return anyio.run(_send_slowly, world.web, str(world.platform.headers["Authorization"]))


def conflict(world: World) -> httpx2.Response:
    return world.responder.post(f"/api/runbooks/executions/{world.run()}/retry")


def already_done(world: World) -> httpx2.Response:
    address = f"/api/incidents/{world.incident()}/acknowledge"
    assert world.responder.post(address).status_code == HTTPStatus.OK
    return world.responder.post(address)


def already_exists(world: World) -> httpx2.Response:
    body = {"team": "database", "reason": "A release"}
    assert world.platform.post("/api/freezes", json=body).status_code == HTTPStatus.CREATED
    return world.platform.post("/api/freezes", json=body)


def frozen(world: World) -> httpx2.Response:
    incident = world.incident()
    world.platform.post("/api/freezes", json={"team": "database", "reason": "A release"})
    return world.execute("say-hello", incident)


def lock_held(world: World) -> httpx2.Response:
    incident = world.incident()
    assert world.execute("locked", incident).status_code == HTTPStatus.CREATED
    return world.execute("locked", incident)


def not_runnable(world: World) -> httpx2.Response:
    apply_documents(world.unit_of_work, DRAFT, approve=False)
    return world.execute("db-draft", world.incident())


def superseded(world: World) -> httpx2.Response:
    body = {"verdict": "ran", "step": "pause", "attempt": 1}
    return world.platform.post(f"/api/runbooks/executions/{world.run()}/verdict", json=body)


def stale(world: World) -> httpx2.Response:
    written(world.platform, runbook())
    return world.platform.put("/api/runbooks/db-vacuum", json=runbook(), headers={"If-Match": '"9"'})


def too_large(world: World) -> httpx2.Response:
    return world.responder.post("/api/incidents", content=b" " * (LARGEST_BODY + 1), headers=JSON)


def unsupported_media_type(world: World) -> httpx2.Response:
    return world.platform.post("/api/runbooks", content=b"x", headers={"Content-Type": "text/html"})


def invalid_input(world: World) -> httpx2.Response:
    return world.responder.post("/api/incidents", json=INCIDENT | {"severity": "dire"})


def definition_error(world: World) -> httpx2.Response:
    return world.platform.post("/api/runbooks", json=runbook(steps=[]))


def expression_error(world: World) -> httpx2.Response:
    return world.execute("locked", world.incident(), parts=0)


def idempotency_key_reused(world: World) -> httpx2.Response:
    key = {"Idempotency-Key": "the-key"}
    assert (
        world.responder.post("/api/incidents", json=INCIDENT, headers=key).status_code == HTTPStatus.CREATED
    )
    return world.responder.post("/api/incidents", json=INCIDENT | {"title": "Another"}, headers=key)


def version_required(world: World) -> httpx2.Response:
    written(world.platform, runbook())
    return world.platform.post("/api/runbooks/db-vacuum/approve")


def rate_limited(world: World) -> httpx2.Response:
    answers = [world.responder.get("/api/incidents") for _ in range(REQUESTS + 1)]
    return answers[-1]


def internal(world: World) -> httpx2.Response:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    world.patch.setattr(incidents, "find_incident", break_down)
    return world.responder.get("/api/incidents/inc-1")


def unavailable(world: World) -> httpx2.Response:
    gone = open_engine("postgresql://nobody@127.0.0.1:1/none")
    world.patch.setattr(world.engine, "connect", gone.connect)
    world.patch.setattr(world.engine, "begin", gone.begin)
    return world.responder.post("/api/incidents", json=INCIDENT)


PROVOKED: dict[ErrorCode, Callable[[World], httpx2.Response]] = {
    ErrorCode[provoke.__name__.upper()]: provoke
    for provoke in (
        bad_request,
        unauthenticated,
        bad_signature,
        not_allowed,
        insufficient_scope,
        not_found,
        route_not_found,
        method_not_allowed,
        request_timeout,
        conflict,
        already_done,
        already_exists,
        frozen,
        lock_held,
        not_runnable,
        superseded,
        stale,
        too_large,
        unsupported_media_type,
        invalid_input,
        definition_error,
        expression_error,
        idempotency_key_reused,
        version_required,
        rate_limited,
        internal,
        unavailable,
    )
}


def test_no_code_is_without_a_request_that_it_answers() -> None:
    assert set(PROVOKED) == set(ErrorCode)


@pytest.mark.parametrize("code", PROVOKED)
def test_a_request_is_answered_with_the_code(world: World, code: ErrorCode) -> None:
    answer = PROVOKED[code](world)

    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (told["code"], told["status"], answer.status_code) == (code, code.status, code.status)
    assert (told["type"], told["title"]) == (f"/problems/{code}", code.summary)
    assert told["detail"]


@pytest.mark.parametrize("code", ErrorCode)
def test_the_type_leads_anybody_to_the_explanation(stranger: TestClient, code: ErrorCode) -> None:
    page = stranger.get(f"/problems/{code}")

    assert page.status_code == HTTPStatus.OK
    text = re.sub("</?code>", "", html.unescape(page.text))
    assert all(told.replace("`", "") in text for told in (code, code.summary, code.happened, code.remedy))


def test_a_code_that_there_is_not_has_no_page(stranger: TestClient) -> None:
    answer = stranger.get("/problems/<script>")

    assert (answer.status_code, answer.json()["code"]) == (HTTPStatus.NOT_FOUND, ErrorCode.NOT_FOUND)


async def _send_slowly(web: ASGIApp, authorization: str) -> httpx2.Response:
    """The answer to an alert of which more than 1 MiB comes, and then nothing."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/alerts/alertmanager",
        "raw_path": b"/api/alerts/alertmanager",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"authorization", authorization.encode()), (b"content-type", b"application/json")],
        "client": ("10.0.0.1", 1),
        "server": ("runbooks.example", 80),
    }
    parts: list[Message] = [
        {"type": "http.request", "body": b" " * (LARGEST_BODY + 1), "more_body": True},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        if not parts:
            await anyio.sleep_forever()
        return parts.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    await web(scope, receive, send)
    [start, *bodies] = sent
    content = b"".join(message.get("body", b"") for message in bodies)
    return httpx2.Response(start["status"], headers=start["headers"], content=content)
