"""views.*: modals and Home tabs. https://docs.slack.dev/reference/methods?family=views"""

from slack_sandbox.block_kit.views import ViewType, checked_view
from slack_sandbox.rate_limits import TIER_4
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.models import View
from slack_sandbox.workspace.rendering import view_object


def open_view(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.open"""
    trigger_id = _trigger_id(call)
    trigger = call.sandbox.triggers.check(trigger_id, call.now)
    definition = _definition(call)
    for closed in call.workspace.modals.clear(trigger.user):
        audience = frozenset([trigger.user])
        call.workspace.announcer.to_people("view_closed", {"view_id": closed.id}, audience)
    view = call.workspace.modals.open(trigger.user, definition, call.now, call.workspace.app.id)
    call.sandbox.triggers.exchange(trigger_id)
    return show_view(call, view)


def push_view(call: Call) -> Json:
    """Only an interaction within a modal can push. https://docs.slack.dev/reference/methods/views.push"""
    trigger_id = _trigger_id(call)
    trigger = call.sandbox.triggers.check(trigger_id, call.now)
    if trigger.view_id is None:
        raise SlackError("not_found")
    view = call.workspace.modals.push(trigger.user, _definition(call), call.now, call.workspace.app.id)
    call.sandbox.triggers.exchange(trigger_id)
    return show_view(call, view)


def update_view(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.update"""
    arguments = call.arguments
    workspace = call.workspace
    view = workspace.view(arguments.text("view_id"), arguments.text("external_id"))
    if "hash" in arguments and arguments.text("hash") != view.hash:
        raise SlackError("hash_conflict")
    if view.definition["type"] == "home":
        definition, app_id = _definition(call, "home"), workspace.app.id
        return show_home(call, workspace.homes.publish(view.user, definition, "", call.now, app_id))
    return show_view(call, workspace.modals.update(view, _definition(call), call.now))


def publish_view(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/views.publish"""
    workspace, user = call.workspace, call.arguments.required("user_id")
    if user not in workspace.users or workspace.users[user].is_bot:
        raise SlackError("invalid_arguments", ["invalid `user_id`"])
    if not workspace.app.home_tab:
        raise SlackError("not_enabled")
    definition = _definition(call, "home")
    view = workspace.homes.publish(user, definition, call.arguments.text("hash"), call.now, workspace.app.id)
    return show_home(call, view)


def show_home(call: Call, view: View) -> Json:
    rendered = view_object(call.workspace, view)
    call.workspace.announcer.to_people("home", {"view": rendered}, frozenset([view.user]))
    return {"view": rendered}


def show_view(call: Call, view: View) -> Json:
    rendered = view_object(call.workspace, view)
    call.workspace.announcer.to_people("view", {"view": rendered}, frozenset([view.user]))
    return {"view": rendered}


def _trigger_id(call: Call) -> str:
    return call.arguments.text("trigger_id") or call.arguments.required("interactivity_pointer")


def _definition(call: Call, wanted: ViewType = "modal") -> Json:
    return checked_view(call.arguments.structure("view", "invalid_arguments"), wanted)


METHODS = {
    "views.open": Method(open_view, TIER_4),
    "views.publish": Method(publish_view, TIER_4),
    "views.push": Method(push_view, TIER_4),
    "views.update": Method(update_view, TIER_4),
}
