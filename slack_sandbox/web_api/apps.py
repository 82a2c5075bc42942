"""auth.*, api.*, apps.*: who am I, does it work, and open me a socket."""

from slack_sandbox.rate_limits import GENEROUS, TIER_1, TIER_3, TIER_4
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.method import Call, Method


def auth_test(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/auth.test"""
    app, team = call.workspace.app, call.workspace.team
    return {
        "url": f"{call.origin}/",
        "team": team.name,
        "user": app.name.lower(),
        "team_id": team.id,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def api_test(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/api.test"""
    if "error" in call.arguments:
        raise SlackError(call.arguments.text("error"))
    return {"args": call.arguments.as_sent()}


def bots_info(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/bots.info"""
    app = call.workspace.app
    if call.arguments.text("bot") != app.bot_id:
        raise SlackError("bot_not_found")
    bot = {"id": app.bot_id, "app_id": app.id, "user_id": app.bot_user_id, "name": app.name, "deleted": False}
    return {"bot": bot}


def open_connection(call: Call) -> Json:
    """A WebSocket URL, good for one connection. https://docs.slack.dev/reference/methods/apps.connections.open"""
    if not call.sandbox.courier.socket_mode:
        raise SlackError("socket_mode_not_enabled")
    host = call.origin.replace("http", "ws", 1)
    ticket = call.sandbox.courier.sockets.issue_ticket()
    return {"url": f"{host}/link/?ticket={ticket}&app_id={call.workspace.app.id}"}


def team_info(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/team.info"""
    team = call.workspace.team
    if call.arguments.text("team") not in ("", team.id):
        raise SlackError("team_not_found")
    return {
        "team": {
            "id": team.id,
            "name": team.name,
            "url": f"{call.origin}/",
            "domain": team.domain,
            "email_domain": f"{team.domain}.example",
            "icon": {"image_default": True},
            "avatar_base_url": f"{call.origin}/",
            "is_verified": False,
        }
    }


METHODS = {
    "team.info": Method(team_info, TIER_3),
    "auth.test": Method(auth_test, GENEROUS),
    "api.test": Method(api_test, TIER_4, token="none"),
    "bots.info": Method(bots_info, TIER_4),
    "apps.connections.open": Method(open_connection, TIER_1, token="app"),
}
