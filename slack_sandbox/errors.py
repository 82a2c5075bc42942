"""The one error of the sandbox: what Slack would have refused, by Slack's own name."""

from collections.abc import Mapping, Sequence

from slack_sandbox.json_types import Json

SENTENCES: Mapping[str, str] = {
    "already_archived": "This channel is already archived.",
    "channel_not_found": "There is no such channel, or you may not see it.",
    "dispatch_failed": "The app could not be reached, or it answered with an error.",
    "invalid_name_specials": "A channel name takes lower-case letters, digits, hyphens and underscores.",
    "is_archived": "This channel is archived: nothing can be posted in it.",
    "message_not_found": "There is no such message.",
    "msg_too_long": "A message has at most 40,000 characters.",
    "name_taken": "A channel of this name exists already.",
    "no_text": "A message needs text.",
    "not_in_channel": "You are not a member of this channel.",
    "not_found": "There is no such view.",
    "operation_timeout": "The app did not answer within 3 seconds.",
    "user_not_found": "There is no such person in this workspace.",
}


class SlackError(Exception):
    """Slack refused. ``error`` is Slack's name for it, ``messages`` its details on a bad block or view."""

    def __init__(self, error: str, messages: Sequence[str] = (), *, sentence: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.messages = tuple(messages)
        self.sentence = sentence or SENTENCES.get(error, f"Slack refused: {error}.")

    def as_answer(self) -> Json:
        """The body a Web API method answers with, as documented at https://docs.slack.dev/apis/web-api."""
        answer: Json = {"ok": False, "error": self.error}
        if self.messages:
            answer["errors"] = list(self.messages)
            answer["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return answer
