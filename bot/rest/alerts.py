"""`/alerts/{vendor}`: alerts of other systems, in the format of their webhooks.

If a vendor's secret is configured, its signature authenticates the request; otherwise a token does.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.rest.answers import AlertAnswer
from bot.rest.bodies import check_json, missing_is_invalid
from bot.rest.callers import (
    AuthenticatedRoute,
    Caller,
    CurrentCaller,
    authenticated_router,
    check_action,
    check_request_rate,
    with_origin,
)
from bot.rest.idempotency import CurrentPost
from bot.rest.problem import Refusal
from bot.rest.settings import RestSettings
from core.alerts.reading import read_body
from core.alerts.signatures import is_signed
from core.alerts.vendors import Vendor
from core.decisions.policy_table import Action
from core.definitions.fields import Name
from core.error_codes import ErrorCode
from core.errors import InvalidInput
from core.services.incidents.alerts import receive_alert, signing_sender
from core.services.views.reading import view_incident
from core.unit_of_work import UnitOfWork

SHOWN = 60
UNSIGNED = "The signature is missing, or not made by {vendor} with the secret that is configured here."


class SignedRoute(AuthenticatedRoute):
    """Authenticates the sender before the alert is parsed."""

    async def find_caller(self, request: Request) -> Caller:
        """Return the caller: by the vendor's signature if its secret is configured, otherwise by the token."""
        settings: RestSettings = request.app.state.settings
        request.state.arrived = request.app.state.unit_of_work.clock.now()
        vendor = request.path_params["vendor"]
        if vendor not in settings.alert_secrets:
            return await super().find_caller(request)
        body = await request.body()
        return await run_in_threadpool(signing_caller, request, Vendor(vendor), body, self.action)

    async def check_body(self, request: Request) -> None:
        """Check the vendor and the Content-Type. The content is checked where it is parsed."""
        check_vendor(request.path_params["vendor"])
        check_json(request)


def check_vendor(name: str) -> None:
    """Raise InvalidInput for an unknown vendor, with the names of the known ones."""
    if name not in set(Vendor):
        raise InvalidInput(
            f"Alerts from {name[:SHOWN]} are not supported.",
            hint=f"Supported are {', '.join(Vendor)}. Other systems can send alerts in Alertmanager's format.",
            field="vendor",
        )


def signing_caller(request: Request, vendor: Vendor, body: bytes, action: Action | None) -> Caller:
    """Return the caller for a signed alert.

    Raises 401 if the vendor's signature is missing or wrong, even with a valid token, and 429 for too many requests.
    """
    unit_of_work, settings = request.app.state.unit_of_work, request.app.state.settings
    if not is_signed(vendor, settings.alert_secrets[vendor], request.headers, body, datetime.now(UTC)):
        raise Refusal(ErrorCode.BAD_SIGNATURE, UNSIGNED.format(vendor=vendor))
    with unit_of_work.begin() as work:
        person = signing_sender(work, vendor)
    check_request_rate(settings, person, person.slack_user_id)
    check_action(person, action)
    return Caller(unit_of_work, settings, with_origin(request, person), person.slack_user_id)


router = authenticated_router("/api/alerts", "alerts", SignedRoute)

# For the OpenAPI document: the body is read here, and not by FastAPI.
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The body of the vendor's own webhook.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


OfTeam = Annotated[
    Name | None,
    Query(description="The team that the alert belongs to. Default: the alert's label or tag `team`."),
]


async def read_alert(request: Request, vendor: Vendor, caller: CurrentCaller, team: OfTeam = None) -> object:
    """Return the parsed body. Raises TooMany before it is read, and InvalidInput if it is not JSON.

    Reading the body is async; parsing is done in a thread, because a group of alerts may be long.
    """
    caller.settings.limits.check_alerts(f"{vendor}:{caller.token_id}:{team or ''}")
    return await run_in_threadpool(read_body, await request.body())


SentAlert = Annotated[Any, Depends(read_alert)]


@router.post("/{vendor}", response_model=AlertAnswer, openapi_extra=BODY)
def receive(
    vendor: Vendor,
    request: Request,
    body: SentAlert,
    post: CurrentPost,
    team: OfTeam = None,
) -> Response:
    """Open an incident for an alert, or update the incident that it opened before."""

    def act(work: UnitOfWork) -> AlertAnswer:
        with missing_is_invalid("team"):
            received = receive_alert(
                work, post.caller.person, vendor, body, team=team, arrived=request.state.arrived
            )
        incident = view_incident(received.incident) if received.incident else None
        return AlertAnswer(outcome=received.outcome, incident=incident)

    return post.once(act)
