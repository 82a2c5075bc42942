"""Who sent a request, as Slack's signed body says, and the one place where strangers are turned away.

Payloads: https://docs.slack.dev/interactivity/implementing-slash-commands,
https://docs.slack.dev/reference/interaction-payloads, https://docs.slack.dev/apis/events-api.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltResponse

from core.decisions.installation import Sender, Workspace, refusal_of
from core.errors import NotAllowed

Current = Callable[[], Workspace]
UNBOUND = "This service does not know yet which Slack workspace it belongs to, so it hears nobody."
UNBOUND_HINT = "It asks Slack; whoever runs it can set SLACK_TEAM_ID and SLACK_APP_ID instead."


def only_from(current: Current) -> Callable[..., BoltResponse]:
    """A global middleware of Bolt, so for whatever there is a listener for, and whatever way it came in.

    Raises NotAllowed for a request that is not of the workspace.
    """

    def only_our_own(body: dict[str, Any], next_: Callable[[], BoltResponse]) -> BoltResponse:
        workspace = current()
        if workspace.team_id is None:
            raise NotAllowed(UNBOUND, hint=UNBOUND_HINT)
        if why := refusal_of(sender_of(body), workspace):
            raise NotAllowed(why)
        return next_()

    return only_our_own


def sender_of(body: Mapping[str, Any]) -> Sender:
    """Of commands, buttons, views, shortcuts and events; what is not told, or is no text, is None."""
    team, person, view = (_part(body, name) for name in ("team", "user", "view"))
    installed = _installed_for(body)
    return Sender(
        team_id=_text(installed, "team_id")
        or _text(view, "app_installed_team_id")
        or _text(body, "team_id")
        or _text(team, "id")
        or _text(person, "team_id"),
        enterprise_id=_text(body, "enterprise_id")
        or _text(_part(body, "enterprise"), "id")
        or _text(team, "enterprise_id"),
        app_id=_text(body, "api_app_id"),
        person_team_id=_text(person, "team_id"),
    )


def _installed_for(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of an event: in a shared channel its own team_id may be that of the others."""
    found = body.get("authorizations")
    first = found[0] if isinstance(found, list) and found else None
    return first if isinstance(first, Mapping) else {}


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(part: Mapping[str, Any], name: str) -> str | None:
    found = part.get(name)
    return found if isinstance(found, str) and found else None
