"""Authentication: the person whom a request's bearer token speaks for (RFC 6750)."""

import hashlib
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.entry_points import ROUTES
from bot.limits import RestLimits
from bot.rest.bodies import check_body
from bot.rest.problem import Refusal
from bot.rest.problem_responses import ANY_PROBLEM
from bot.rest.settings import RestSettings
from core.decisions.people import Person
from core.decisions.policy import require_scope
from core.decisions.policy_table import Action
from core.error_codes import ErrorCode
from core.errors import NotAllowed
from core.limits import too_many
from core.origins import HEADER
from core.services.access.tokens import authenticate, initiators_behind
from core.unit_of_work import UnitOfWorkFactory

CANCEL = re.compile(r"/api/(?:runbooks|workflows)/executions/[^/]+/cancel")
CHALLENGE = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Caller:
    """The person who makes the request, their token, and the application's unit of work and settings."""

    unit_of_work: UnitOfWorkFactory
    settings: RestSettings
    person: Person
    token_id: str


def identify(unit_of_work: UnitOfWorkFactory, request: Request) -> tuple[Person, str] | None:
    """Return the person and the token's id; None without a valid token.

    Raises TooMany for an address that sent too many invalid tokens.
    """
    scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() != "bearer" or not token:
        return None
    limits: RestLimits = request.app.state.settings.limits
    address = request.client.host if request.client else ""
    digest = hashlib.sha256(token.encode()).hexdigest()
    limits.check_address(address, digest)
    with unit_of_work.begin() as work:
        found = authenticate(work, token, source="rest")
    limits.count_token(address, digest, is_good=found is not None)
    return (found[0], found[1].id) if found else None


def find_caller(request: Request, action: Action | None) -> Caller:
    """Return the caller. Raises 401 without a valid token, 429 for too many requests, 403 if `action` is not allowed.

    `action`: the policy action of the route, see bot.entry_points; None is refused.
    """
    unit_of_work: UnitOfWorkFactory = request.app.state.unit_of_work
    found = identify(unit_of_work, request)
    if found is None:
        sentence = (
            "A valid token is required: Authorization: Bearer TOKEN. `runbook token create` creates one."
        )
        raise Refusal(ErrorCode.UNAUTHENTICATED, sentence, CHALLENGE)
    person, token_id = found
    settings: RestSettings = request.app.state.settings
    if not CANCEL.fullmatch(request.url.path):
        check_request_rate(settings, person, token_id)
    check_action(person, action)
    return Caller(unit_of_work, settings, with_origin(request, person), token_id)


def with_origin(request: Request, person: Person) -> Person:
    """Return the person; if one of our own runs sent the request, with that run's depth and initiators.

    What the request starts was then caused by that run, and by the people behind it.
    """
    settings: RestSettings = request.app.state.settings
    origin = settings.origins.read(request.headers.get(HEADER))
    if origin is None:
        return person
    unit_of_work: UnitOfWorkFactory = request.app.state.unit_of_work
    with unit_of_work.begin() as work:
        behind = initiators_behind(work, origin.execution_id)
    return replace(person, depth=origin.depth, behind=tuple(each.who for each in behind))


def check_action(person: Person, action: Action | None) -> None:
    """Raise NotAllowed (403) if the route is not in the policy, or the token's scope does not allow the action."""
    if action is None:
        raise NotAllowed("Nobody may do this: the address is not in the policy.")
    require_scope(person, action)


def check_request_rate(settings: RestSettings, person: Person, token_id: str) -> None:
    """Raise TooMany if the token or the person made too many requests. Not applied to a cancel."""
    wait = settings.limit.take(token_id)
    if wait:
        raise too_many("This token made too many requests", wait)
    settings.limits.check_person(person.slack_user_id)


class AuthenticatedRoute(APIRoute):
    """Authenticates the caller before it reads anything else of the request, then checks the body before it is parsed.

    Without a valid token, the response is 401 whatever the request contains.
    """

    @cached_property
    def action(self) -> Action | None:
        """The route's policy action; None if it is not listed, which refuses it to everybody."""
        [method] = self.methods or ("",)
        return ROUTES.get(f"{method} {self.path}")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def authenticated(request: Request) -> Response:
            request.state.caller = await self.find_caller(request)
            await self.check_body(request)
            return await handle(request)

        return authenticated

    async def check_body(self, request: Request) -> None:
        """Raise InvalidInput for JSON that must not be parsed."""
        await check_body(request)

    async def find_caller(self, request: Request) -> Caller:
        """Return the caller by the request's token. Raises what the function of the same name raises."""
        return await run_in_threadpool(find_caller, request, self.action)


async def current_caller(request: Request) -> Caller:
    """Return the authenticated caller. Async, because reading an attribute needs no thread."""
    caller: Caller = request.state.caller
    return caller


CurrentCaller = Annotated[Caller, Depends(current_caller)]


def authenticated_router(
    prefix: str, tag: str, route_class: type[AuthenticatedRoute] = AuthenticatedRoute
) -> APIRouter:
    """Return a router whose routes all require a token. `tag` groups them in the OpenAPI document."""
    bearer = Security(HTTPBearer(auto_error=False, description="`runbook token create` creates a token."))
    return APIRouter(
        prefix=prefix,
        route_class=route_class,
        dependencies=[bearer],
        tags=[tag],
        responses=ANY_PROBLEM,
    )
