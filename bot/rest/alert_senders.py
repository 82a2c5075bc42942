"""Who sends an alert: the vendor itself, by its signature, where its secret is set; otherwise whoever has a token."""

from datetime import UTC, datetime
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.rest.callers import AuthenticatedRoute, Caller, check_action, take_turn, with_origin
from bot.rest.media_types import check_json
from bot.rest.settings import RestSettings
from core.alerts.signatures import is_signed
from core.alerts.vendors import Vendor
from core.decisions.policy_table import Action
from core.errors import InvalidInput
from core.services.incidents.alerts import signing_sender

SHOWN = 60
UNSIGNED = "This is not signed as {vendor} signs its webhooks with the secret that is set here."


class SignedRoute(AuthenticatedRoute):
    """Finds out who sends before it reads what is sent."""

    async def find_caller(self, request: Request) -> Caller:
        """By the vendor's signature where its secret is set, otherwise by the token."""
        settings: RestSettings = request.app.state.settings
        request.state.arrived = request.app.state.service.clock.now()
        vendor = request.path_params["vendor"]
        if vendor not in settings.alert_secrets:
            return await super().find_caller(request)
        body = await request.body()
        return await run_in_threadpool(signing_caller, request, Vendor(vendor), body, self.action)

    async def check_body(self, request: Request) -> None:
        """Whose alert it is to be, and as what it is sent. What is in it is looked at where it is read."""
        check_vendor(request.path_params["vendor"])
        check_json(request)


def check_vendor(name: str) -> None:
    """Raises InvalidInput for a vendor whose alerts are not understood, naming those that are."""
    if name not in set(Vendor):
        raise InvalidInput(
            f"Alerts of {name[:SHOWN]} are not understood.",
            hint=f"There are: {', '.join(Vendor)}. Another system's can be sent as Alertmanager sends them.",
            field="vendor",
        )


def signing_caller(request: Request, vendor: Vendor, body: bytes, action: Action | None) -> Caller:
    """Raises the 401 of what the vendor did not sign, whatever token it carries, and the 429 of one too many."""
    service, settings = request.app.state.service, request.app.state.settings
    if not is_signed(vendor, settings.alert_secrets[vendor], request.headers, body, datetime.now(UTC)):
        raise HTTPException(HTTPStatus.UNAUTHORIZED, UNSIGNED.format(vendor=vendor))
    with service.transaction() as work:
        person = signing_sender(work, vendor)
    take_turn(settings, person, person.slack_user_id)
    check_action(person, action)
    return Caller(service, settings, with_origin(request, person), person.slack_user_id)
