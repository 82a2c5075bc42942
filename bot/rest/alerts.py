"""`/alerts`: what vendors send, and who sends it.

Who sends an alert: the vendor itself, by its signature, where its secret is set; otherwise whoever has a token.

`/alerts/{vendor}`: other systems' alerts, as their webhooks send them.
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
UNSIGNED = "This is not signed as {vendor} signs its webhooks with the secret that is set here."


class SignedRoute(AuthenticatedRoute):
    """Finds out who sends before it reads what is sent."""

    async def find_caller(self, request: Request) -> Caller:
        """By the vendor's signature where its secret is set, otherwise by the token."""
        settings: RestSettings = request.app.state.settings
        request.state.arrived = request.app.state.unit_of_work.clock.now()
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


OfTeam = Annotated[Name | None, Query(description="Whose it is; otherwise its label or tag `team`.")]


async def read_alert(request: Request, vendor: Vendor, caller: CurrentCaller, team: OfTeam = None) -> object:
    """The body; InvalidInput for what is no JSON, and TooMany before it is read.

    Async, for reading the body is; what is in it is looked at in a thread, for a group of alerts may be long.
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
    """Open an incident for an alert, or do with the one that it opened what is told of it next."""

    def act(work: UnitOfWork) -> AlertAnswer:
        with missing_is_invalid("team"):
            received = receive_alert(
                work, post.caller.person, vendor, body, team=team, arrived=request.state.arrived
            )
        incident = view_incident(received.incident) if received.incident else None
        return AlertAnswer(outcome=received.outcome, incident=incident)

    return post.once(act)
