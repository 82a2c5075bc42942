"""Who sends an alert: the vendor itself, by its signature, where its secret is set; otherwise whoever has a token."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.rest.callers import Caller, find_caller, take_turn, with_origin
from bot.rest.settings import RestSettings
from core.alerts.signatures import is_signed
from core.alerts.vendors import Vendor
from core.services.alerts import signing_sender

UNSIGNED = "This is not signed as {vendor} signs its webhooks with the secret that is set here."


class SignedRoute(APIRoute):
    """Finds out who sends before it reads what is sent."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def authenticated(request: Request) -> Response:
            settings: RestSettings = request.app.state.settings
            vendor = request.path_params["vendor"]
            if vendor in settings.alert_secrets:
                body = await request.body()
                request.state.caller = await run_in_threadpool(signing_caller, request, Vendor(vendor), body)
            else:
                request.state.caller = await run_in_threadpool(find_caller, request)
            return await handle(request)

        return authenticated


def signing_caller(request: Request, vendor: Vendor, body: bytes) -> Caller:
    """Raises the 401 of what the vendor did not sign, whatever token it carries, and the 429 of one too many."""
    service, settings = request.app.state.service, request.app.state.settings
    if not is_signed(vendor, settings.alert_secrets[vendor], request.headers, body, datetime.now(UTC)):
        raise HTTPException(HTTPStatus.UNAUTHORIZED, UNSIGNED.format(vendor=vendor))
    with service.transaction() as work:
        person = signing_sender(work, vendor)
    take_turn(settings, person.slack_user_id)
    return Caller(service, settings, with_origin(request, person), person.slack_user_id)
