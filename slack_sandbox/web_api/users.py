"""users.*: who is in the workspace. https://docs.slack.dev/reference/methods?family=users"""

from slack_sandbox.rate_limits import TIER_2, TIER_3, TIER_4
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.history import page
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.rendering import user_object


def info(call: Call) -> Json:
    user = call.workspace.user(call.arguments.text("user"))
    return {"user": user_object(call.workspace, user, call.now)}


def list_users(call: Call) -> Json:
    shown, cursor = page(list(call.workspace.users.values()), call.arguments)
    members = [user_object(call.workspace, user, call.now) for user in shown]
    cache_ts = int(call.now.timestamp())
    return {"members": members, "cache_ts": cache_ts, "response_metadata": {"next_cursor": cursor}}


def look_up_by_email(call: Call) -> Json:
    email = call.arguments.required("email")
    for user in call.workspace.users.values():
        rendered = user_object(call.workspace, user, call.now)
        if rendered["profile"]["email"] == email and not (user.is_bot or user.deleted):
            return {"user": rendered}
    raise SlackError("users_not_found")


METHODS = {
    "users.info": Method(info, TIER_4),
    "users.list": Method(list_users, TIER_2),
    "users.lookupByEmail": Method(look_up_by_email, TIER_3),
}
