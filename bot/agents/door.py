"""The address /mcp: lets in the requests of agents, by their tokens, and hands them to the protocol's server.

Each request stands alone (the protocol's stateless mode), so any web process answers any of them, and a restart loses
nothing. A browser is kept out: no page may speak for an agent.
"""

import hashlib

from fastapi.security.utils import get_authorization_scheme_param
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import INVALID_REQUEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from bot.agents.server import AGENT, AgentServer
from bot.limits import RestLimits, bucket
from bot.rest.callers import with_origin
from bot.rest.problem import Refusal
from core.decisions.people import Person
from core.definitions.json_text import check_shape
from core.error_codes import ErrorCode
from core.errors import InvalidInput, NotAllowed, RunbookError, TooMany
from core.limits import Limits, too_many
from core.services.access.tokens import authenticate
from core.statuses import PrincipalKind
from core.unit_of_work import UnitOfWorkFactory

ADDRESS = "/mcp"
SENTENCE = "An agent's token is required: Authorization: Bearer TOKEN. `runbook token agent` creates one."


class AgentDoor:
    """The application at /mcp. `limits`: how much each agent may ask; `origin`: our own, of PUBLIC_URL."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, limits: Limits, *, origin: str, version: str) -> None:
        self._unit_of_work, self._origin = unit_of_work, origin
        self._server = AgentServer(unit_of_work, version)
        self._addresses = RestLimits(limits)
        self._agents = bucket(limits.requests_of_agent)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            self._check_origin(request)
            scope[AGENT] = await run_in_threadpool(self._agent, request)
            body = await request.body()
            _check(body)
        except (Refusal, RunbookError) as error:
            await _refused(error)(scope, receive, send)
            return
        manager = StreamableHTTPSessionManager(app=self._server.protocol, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, _again(body, receive), send)

    def _check_origin(self, request: Request) -> None:
        """Refuse what a page of another site sends: browsers say where a request comes from.

        https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
        """
        origin = request.headers.get("Origin")
        if origin is not None and origin != self._origin:
            raise Refusal(ErrorCode.NOT_ALLOWED, "Requests of other sites' pages are refused here.")

    def _agent(self, request: Request) -> Person:
        """Return the agent of the token. Raises 401 without a valid one, 403 for others' tokens, 429 for too many."""
        agent = self._speaker(request)
        if agent is None:
            raise Refusal(ErrorCode.UNAUTHENTICATED, SENTENCE, {"WWW-Authenticate": "Bearer"})
        if agent.kind is not PrincipalKind.AGENT:
            raise NotAllowed("This token is not an agent's.", hint="`runbook token agent` creates one.")
        if not agent.scopes:
            [team] = agent.roles
            sentence = (
                f"Nobody answers for this agent: {agent.owner} is no responder of team {team} any more."
            )
            raise NotAllowed(sentence, hint="A platform admin can create a token with another owner.")
        wait = self._agents.take(agent.slack_user_id)
        if wait:
            raise too_many("This agent made too many requests", wait)
        return agent

    def _speaker(self, request: Request) -> Person | None:
        scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
        if scheme.lower() != "bearer" or not token:
            return None
        address = request.client.host if request.client else ""
        digest = hashlib.sha256(token.encode()).hexdigest()
        self._addresses.check_address(address, digest)
        with self._unit_of_work.begin() as work:
            found = authenticate(work, token, source="mcp")
        self._addresses.count_token(address, digest, is_good=found is not None)
        return with_origin(request, found[0]) if found is not None else None


def _check(body: bytes) -> None:
    """Check the body before it is parsed. Batches left the protocol in 2025: one could ask for any number of things."""
    check_shape(body)
    if body.lstrip()[:1] == b"[":
        raise InvalidInput("Send one message a request, not a list of them.")


def _refused(error: Refusal | RunbookError) -> Response:
    """Return the refusal as the protocol's clients read it, who show their model the sentence."""
    if isinstance(error, Refusal):
        status, sentence, headers = error.code.status, error.detail, dict(error.headers or {})
    else:
        known = ErrorCode.named(error.code)
        assert known is not None, "only errors that have a code are raised here"
        status, sentence, headers = known.status, str(error), {}
        if isinstance(error, TooMany):
            headers["Retry-After"] = str(error.retry_after)
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": INVALID_REQUEST, "message": sentence}}
    return JSONResponse(body, int(status), headers)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body that was read once more, and then what comes."""
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
