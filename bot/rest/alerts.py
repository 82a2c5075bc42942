"""`/alerts/{vendor}`: other systems' alerts, as their webhooks send them."""

from typing import Annotated, Any

from fastapi import Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.rest.alert_senders import SignedRoute
from bot.rest.answers import AlertAnswer
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.field_names import missing_is_invalid
from bot.rest.idempotency import CurrentPost
from core.alerts.reading import read_body
from core.alerts.vendors import Vendor
from core.definitions.fields import Name
from core.service import Work
from core.services.incidents.alerts import receive_alert
from core.services.views.reading import view_incident

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

    def act(work: Work) -> AlertAnswer:
        with missing_is_invalid("team"):
            received = receive_alert(
                work, post.caller.person, vendor, body, team=team, arrived=request.state.arrived
            )
        incident = view_incident(received.incident) if received.incident else None
        return AlertAnswer(outcome=received.outcome, incident=incident)

    return post.once(act)
