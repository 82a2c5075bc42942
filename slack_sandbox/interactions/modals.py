"""Submitting and closing modals.

https://docs.slack.dev/surfaces/modals#handling_submissions and
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from collections.abc import Callable

from slack_sandbox.block_kit.views import checked_view
from slack_sandbox.delivery.call_log import Delivery
from slack_sandbox.interactions.elements import current_values, failed, input_errors, interaction_base
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import User, View
from slack_sandbox.workspace.rendering import view_object


def own_view(sandbox: Sandbox, user: User, view_id: str) -> View:
    """A modal that this person has open, or their Home tab. Raises SlackError ``not_found``."""
    view = sandbox.workspace.view(view_id)
    if view.user != user.id:
        raise SlackError("not_found")
    return view


async def submit(sandbox: Sandbox, user: User, view: View, entered: Json) -> Json:
    """Hand the entries to the app, and do with the modal what it answers.

    Returns ``ok`` with ``errors`` where fields must be corrected.
    """
    workspace, now = sandbox.workspace, sandbox.clock()
    blocks = view.definition["blocks"]
    remembered = workspace.modals.remember(view, current_values(blocks, entered))
    errors = input_errors(blocks, remembered.values)
    if errors:
        return {"ok": True, "errors": errors}
    trigger_id = sandbox.triggers.issue(user.id, now, view.id)
    payload = interaction_base(workspace, "view_submission", user, trigger_id)
    payload |= {"view": view_object(workspace, remembered), "response_urls": []}
    acknowledgement = await sandbox.courier.deliver(Delivery("interactive", payload))
    if not acknowledgement.accepted:
        return failed(sandbox, user.id, "Submitting this form", acknowledgement)
    return respond(sandbox, remembered, acknowledgement.answer_object)


def respond(sandbox: Sandbox, view: View, answer: Json) -> Json:
    """Carry out a ``response_action``; none at all closes the view."""
    wanted = answer.get("response_action")
    if wanted == "errors":
        return {"ok": True, "errors": answer.get("errors") or {}}
    try:
        RESPONSE_ACTIONS.get(str(wanted), _close)(sandbox, view, answer)
    except SlackError as error:
        details = "; ".join(error.messages) or error.sentence
        sandbox.notice(view.user, f"The app's answer to this form cannot be used: {error.error}. {details}")
        return {"ok": False, "error": error.error, "message": details}
    return {"ok": True}


def _close(sandbox: Sandbox, view: View, _answer: Json) -> None:
    _tell_closed(sandbox, sandbox.workspace.modals.close(_still_open(sandbox, view)))


def _clear(sandbox: Sandbox, view: View, _answer: Json) -> None:
    _tell_closed(sandbox, sandbox.workspace.modals.clear(view.user))


def _update(sandbox: Sandbox, view: View, answer: Json) -> None:
    definition = checked_view(answer.get("view"))
    current = _still_open(sandbox, view)
    _show(sandbox, sandbox.workspace.modals.update(current, definition, sandbox.clock()))


def _push(sandbox: Sandbox, view: View, answer: Json) -> None:
    definition = checked_view(answer.get("view"))
    _show(sandbox, sandbox.workspace.modals.push(view.user, definition, sandbox.clock(), view.app_id))


RESPONSE_ACTIONS: dict[str, Callable[[Sandbox, View, Json], None]] = {
    "clear": _clear,
    "update": _update,
    "push": _push,
}


async def close(sandbox: Sandbox, user: User, view: View, *, everything: bool) -> Json:
    """Cancel a view, or with ``everything`` the whole stack; the app hears of it where it asked to."""
    modals = sandbox.workspace.modals
    clear = everything or bool(view.definition.get("clear_on_close"))
    closed = modals.clear(user.id) if clear else modals.close(view)
    _tell_closed(sandbox, closed)
    for gone in closed:
        if gone.definition.get("notify_on_close"):
            sandbox.dispatcher.in_background(_notify_closed(sandbox, user, gone, is_cleared=clear))
    return {"ok": True}


async def _notify_closed(sandbox: Sandbox, user: User, view: View, *, is_cleared: bool) -> None:
    payload = interaction_base(sandbox.workspace, "view_closed", user)
    payload |= {"view": view_object(sandbox.workspace, view), "is_cleared": is_cleared}
    await sandbox.courier.deliver(Delivery("interactive", payload))


def _still_open(sandbox: Sandbox, view: View) -> View:
    """The view as it is now: the app may have updated it while it handled the submission."""
    return sandbox.workspace.modals.find(view.id)


def _show(sandbox: Sandbox, view: View) -> None:
    rendered = view_object(sandbox.workspace, view)
    sandbox.stream.publish("view", {"view": rendered}, frozenset([view.user]))


def _tell_closed(sandbox: Sandbox, closed: list[View]) -> None:
    for view in closed:
        sandbox.stream.publish("view_closed", {"view_id": view.id}, frozenset([view.user]))
