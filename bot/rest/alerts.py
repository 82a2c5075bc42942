"""`/alerts/{vendor}`: other systems' alerts, as their webhooks send them."""

from typing import Annotated

from fastapi import Body, Query
from pydantic import JsonValue
from starlette.responses import Response

from bot.rest.alert_senders import SignedRoute
from bot.rest.answers import AlertAnswer
from bot.rest.callers import authenticated_router
from bot.rest.field_names import missing_is_invalid
from bot.rest.idempotency import CurrentPost
from core.alerts.vendors import Vendor
from core.definitions.fields import Name
from core.definitions.json_text import unkeepable
from core.errors import InvalidInput
from core.service import Work
from core.services.alerts import receive_alert
from core.services.reading import view_incident

router = authenticated_router("alerts", SignedRoute)


@router.post("/{vendor}", response_model=AlertAnswer)
def receive(
    vendor: Vendor,
    body: Annotated[dict[str, JsonValue], Body(description="The body of the vendor's own webhook.")],
    post: CurrentPost,
    team: Annotated[Name | None, Query(description="Whose it is; otherwise its label or tag `team`.")] = None,
) -> Response:
    """Open an incident for an alert, or resolve the one that it opened. Until then it opens no other."""
    post.caller.settings.limits.check_alerts(f"{vendor}:{post.caller.token_id}:{team or ''}")
    refuse_unkeepable(body)

    def act(work: Work) -> AlertAnswer:
        with missing_is_invalid("team"):
            received = receive_alert(work, post.caller.person, vendor, body, team=team)
        incident = view_incident(received.incident) if received.incident else None
        return AlertAnswer(outcome=received.outcome, incident=incident)

    return post.once(act)


def refuse_unkeepable(body: JsonValue) -> None:
    """Raise InvalidInput, naming the place, for what PostgreSQL cannot keep."""
    for path, why in unkeepable(body):
        place = ".".join(path) or "The body"
        raise InvalidInput(f"{place} {why}.", field=".".join(path) or "body")
