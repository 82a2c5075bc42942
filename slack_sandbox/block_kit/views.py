"""Views: modals and Home tabs.

https://docs.slack.dev/reference/views/modal-views and https://docs.slack.dev/reference/views/home-tab-views
"""

import json
from typing import Any, Literal

from slack_sandbox.block_kit import limits
from slack_sandbox.block_kit.blocks import block_problems
from slack_sandbox.block_kit.checks import PLAIN, Problem, Problems, require, string, text_object
from slack_sandbox.values import Json, SlackError

AT = "/view"


ViewType = Literal["modal", "home"]


def view_problems(view: Json, wanted: ViewType = "modal") -> Problems:
    """Everything that Slack would refuse in this view."""
    yield from require(view, ["type", "blocks"], AT)
    if view.get("type") not in (None, wanted):
        yield Problem(f"unsupported type: {view['type']}; a {wanted} view is wanted here", f"{AT}/type")
    yield from (modal_problems if wanted == "modal" else home_problems)(view)
    yield from string(
        view.get("private_metadata"), f"{AT}/private_metadata", limits.PRIVATE_METADATA, may_be_empty=True
    )
    yield from string(view.get("callback_id"), f"{AT}/callback_id", limits.CALLBACK_ID, may_be_empty=True)
    yield from string(view.get("external_id"), f"{AT}/external_id", limits.EXTERNAL_ID, may_be_empty=True)
    if view.get("blocks") is not None:
        yield from block_problems(view["blocks"], f"{AT}/blocks", limits.VIEW_BLOCKS)


def modal_problems(view: Json) -> Problems:
    yield from require(view, ["title"], AT)
    yield from text_object(view.get("title"), f"{AT}/title", limits.MODAL_TITLE, PLAIN)
    yield from text_object(view.get("submit"), f"{AT}/submit", limits.MODAL_BUTTON, PLAIN)
    yield from text_object(view.get("close"), f"{AT}/close", limits.MODAL_BUTTON, PLAIN)
    if _has_input(view.get("blocks")) and view.get("submit") is None:
        yield Problem("missing required field: submit", AT)


def home_problems(view: Json) -> Problems:
    """A Home tab has no title and no buttons of its own."""
    for name in ("title", "submit", "close"):
        if view.get(name) is not None:
            yield Problem(f"invalid additional property: {name}", AT)


def _has_input(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )


def checked_view(view: Any, wanted: ViewType = "modal") -> Json:
    """The view, if Slack would take it. Raises SlackError ``invalid_arguments`` or ``view_too_large``."""
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", [str(Problem("must provide an object", AT))])
    if len(json.dumps(view, ensure_ascii=False).encode()) > limits.VIEW_BYTES:
        raise SlackError("view_too_large")
    problems = [str(problem) for problem in view_problems(view, wanted)]
    if problems:
        raise SlackError("invalid_arguments", problems)
    return view
