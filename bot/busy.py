"""What is answered when the time that Slack waits is over: something rather than nothing.

Slack shows an error of its own after 3 seconds (https://docs.slack.dev/interactivity/handling-user-interaction), and
people cannot tell from it whether what they asked for happened.
"""

import json
from collections.abc import Mapping
from typing import Any

from slack_bolt import BoltRequest, BoltResponse

from bot.answers import Whisper
from bot.commands.call import Reply
from bot.modals.run_form import refusal

NOT_BEGUN = "⚠️ The bot has too much to do just now, and did nothing of this. Try again in a moment."
NOT_OVER = (
    "⏳ This takes longer than Slack waits. It may still happen: look in the channel before you try again."
)


def busy(request: BoltRequest, whisper: Whisper, *, is_begun: bool) -> BoltResponse:
    """`is_begun`: the request is in the hands of a thread, which goes on with it."""
    said, body = NOT_OVER if is_begun else NOT_BEGUN, request.body
    if "command" in body:
        return BoltResponse(status=200, body=Reply(said).body())
    if body.get("type") == "event_callback":
        return BoltResponse(status=200 if is_begun else 503)  # Slack sends an event again
    if body.get("type") == "view_submission":
        view = refusal("Not done yet" if is_begun else "Not done", said)
        return BoltResponse(status=200, body=json.dumps({"response_action": "update", "view": view}))
    _tell(body, said, whisper)
    return BoltResponse(status=200)


def tell_late(request: BoltRequest, answer: BoltResponse | None, whisper: Whisper) -> None:
    """What a command came to after all, by the way that is left: whoever typed it waits for it."""
    if answer is None or "command" not in request.body or not answer.body:
        return
    said = json.loads(answer.body).get("text")
    if said:
        _tell(request.body, said, whisper)


def _tell(body: Mapping[str, Any], said: str, whisper: Whisper) -> None:
    response_url = body.get("response_url")
    if isinstance(response_url, str):
        whisper(response_url, said)
