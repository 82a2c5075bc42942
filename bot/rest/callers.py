"""Who asks: the person that the bearer token of a request speaks for (RFC 6750)."""

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

from bot.entrances import ROUTES
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
    """Who asks, by which token, and the service that they ask."""

    unit_of_work: UnitOfWorkFactory
    settings: RestSettings
    person: Person
    token_id: str


def identify(unit_of_work: UnitOfWorkFactory, request: Request) -> tuple[Person, str] | None:
    """The person and the id of their token; None without a good one. Raises TooMany for an address of many bad ones."""
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
    """Raises the 401 of a request without a good token, the 429 of one too many, the 403 of a token not good for this.

    `action`: what the address is for; None: nobody said (bot.entrances), so it is refused.
    """
    unit_of_work: UnitOfWorkFactory = request.app.state.unit_of_work
    found = identify(unit_of_work, request)
    if found is None:
        sentence = "A good token is needed: Authorization: Bearer TOKEN. `runbook token create` makes one."
        raise Refusal(ErrorCode.UNAUTHENTICATED, sentence, CHALLENGE)
    person, token_id = found
    settings: RestSettings = request.app.state.settings
    if not CANCEL.fullmatch(request.url.path):
        check_request_rate(settings, person, token_id)
    check_action(person, action)
    return Caller(unit_of_work, settings, with_origin(request, person), token_id)


def with_origin(request: Request, person: Person) -> Person:
    """The person, asking by one of our own runs if that is so: what it starts was caused by it, and by whom it was."""
    settings: RestSettings = request.app.state.settings
    origin = settings.origins.read(request.headers.get(HEADER))
    if origin is None:
        return person
    unit_of_work: UnitOfWorkFactory = request.app.state.unit_of_work
    with unit_of_work.begin() as work:
        behind = initiators_behind(work, origin.execution_id)
    return replace(person, depth=origin.depth, behind=tuple(each.who for each in behind))


def check_action(person: Person, action: Action | None) -> None:
    """Raises the 403 of what nobody, or a token such as theirs, may do."""
    if action is None:
        raise NotAllowed("Nobody may do this: the address is not in the policy.")
    require_scope(person, action)


def check_request_rate(settings: RestSettings, person: Person, token_id: str) -> None:
    """Raises TooMany. Never asked of a cancel."""
    wait = settings.limit.take(token_id)
    if wait:
        raise too_many("This token made too many requests", wait)
    settings.limits.check_person(person.slack_user_id)


class AuthenticatedRoute(APIRoute):
    """Finds out who asks before it reads anything else of the request: strangers get a 401, whatever they send.

    Then the body is looked at, before it is parsed.
    """

    @cached_property
    def action(self) -> Action | None:
        """What the policy is asked for it; an address that is not listed is refused to everybody."""
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
        """Raises InvalidInput for JSON that is not to be parsed."""
        await check_body(request)

    async def find_caller(self, request: Request) -> Caller:
        """By the request's token; raises what the function of that name raises."""
        return await run_in_threadpool(find_caller, request, self.action)


async def current_caller(request: Request) -> Caller:
    """Async, for reading an attribute needs no thread."""
    caller: Caller = request.state.caller
    return caller


CurrentCaller = Annotated[Caller, Depends(current_caller)]


def authenticated_router(
    prefix: str, tag: str, route_class: type[AuthenticatedRoute] = AuthenticatedRoute
) -> APIRouter:
    """A router below `prefix` whose routes all want a token; `tag` groups them in the OpenAPI document."""
    says_so = Security(HTTPBearer(auto_error=False, description="`runbook token create` makes a token."))
    return APIRouter(
        prefix=prefix,
        route_class=route_class,
        dependencies=[says_so],
        tags=[tag],
        responses=ANY_PROBLEM,
    )
