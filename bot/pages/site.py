"""What all pages share: who may open them, how a refusal looks, and that a form is sent from one of them."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.entry_points import ROUTES
from bot.pages.access.readers import Readers, Visit
from bot.pages.links import RunLinks
from bot.pages.rendering import Pages
from bot.rest.callers import CHALLENGE
from core.database import DATABASE_IS_AWAY
from core.decisions.policy import require_scope
from core.decisions.policy_table import Action
from core.error_codes import ErrorCode
from core.errors import NotAllowed, NotFound, RunbookError, TooMany
from core.unit_of_work import UnitOfWorkFactory

Show = Callable[[Visit], Response]
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]
AWAY = "The database cannot be reached just now. Nothing was changed; try again."
UNLISTED = "Nobody may do this: the address is not in the policy."
WHO = "This page is for people of this Slack workspace."
HOW = (
    "Nobody can sign in here yet: an operator sets SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and PUBLIC_URL. Until then, "
    "open a run through its link in Slack, or send a bearer token."
)


@dataclass(frozen=True)
class Site:
    """`may_sign_in`: whether people can sign in with Slack here."""

    unit_of_work: UnitOfWorkFactory
    links: RunLinks
    readers: Readers
    pages: Pages
    may_sign_in: bool

    def route(self, method: str, path: str, show: Show) -> Route:
        """Return the route of a page that only its readers may open. One that the policy does not list is shut."""
        action = ROUTES.get(f"{method} {path}")

        def answer(request: Request, body: bytes) -> Response:
            return self.guarded(request, lambda: self._answer(request, body, action, show))

        return Route(path, in_thread(answer), methods=[method])

    def _answer(self, request: Request, body: bytes, action: Action | None, show: Show) -> Response:
        visit = self.readers.read(request)
        if visit is None:
            return self.who_are_you(request)
        self.check(visit, action)
        return show(self.readers.submitted(visit, body) if request.method == "POST" else visit)

    def check(self, visit: Visit, action: Action | None) -> None:
        """Raise NotAllowed if the token's scopes do not allow the action, or nothing does."""
        if action is None:
            raise NotAllowed(UNLISTED)
        require_scope(visit.person, action)

    def guarded(self, request: Request, show: Callable[[], Response]) -> Response:
        """Return what `show` does, or a page that says why not. It never tells more than the error's own sentence."""
        try:
            if any("\0" in str(part) for part in request.path_params.values()):
                raise NotFound("There is no such page.")  # nothing stored has such a name
            return show()
        except RunbookError as error:
            code = ErrorCode.named(error.code)
            if code is None or code is ErrorCode.INTERNAL:
                raise
            return self.refusal(request, code.status, str(error), _headers(error))
        except (*DATABASE_IS_AWAY, PoolTimeoutError):
            return self.refusal(request, HTTPStatus.SERVICE_UNAVAILABLE, AWAY, {"Retry-After": "1"})

    def refusal(
        self, request: Request, status: HTTPStatus, said: str, headers: dict[str, str] | None = None
    ) -> Response:
        """Return a page that says why not. Where somebody is known, and the database is there, it leads on."""
        is_unknown = status is HTTPStatus.UNAUTHORIZED
        leads_on = not is_unknown and status is not HTTPStatus.SERVICE_UNAVAILABLE
        return self.pages.page(
            "refusal.html",
            status,
            headers,
            self.readers.glimpse(request) if leads_on else None,
            title=status.phrase,
            said=said,
            sign_in=sign_in_address(request) if is_unknown and self.may_sign_in else "",
            is_unknown=is_unknown,
            how=HOW,
        )

    def who_are_you(self, request: Request, said: str = WHO) -> Response:
        return self.refusal(request, HTTPStatus.UNAUTHORIZED, said, CHALLENGE)

    def show(self, visit: Visit, name: str, **values: object) -> Response:
        return self.pages.page(name, HTTPStatus.OK, None, visit, **values)


def in_thread(answer: Callable[[Request, bytes], Response]) -> Endpoint:
    """Return an endpoint that reads the body, and then calls `answer`, which may block."""

    async def endpoint(request: Request) -> Response:
        body = await request.body() if request.method == "POST" else b""
        return await run_in_threadpool(answer, request, body)

    return endpoint


def sign_in_address(request: Request) -> str:
    """Return where to sign in so as to come back here."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/sign-in?" + urlencode({"back": back if request.method == "GET" else "/"})


def see_other(address: str) -> Response:
    return RedirectResponse(address, int(HTTPStatus.SEE_OTHER))


def _headers(error: RunbookError) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
