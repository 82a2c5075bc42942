"""The `message` action: post a message to Slack."""

from typing import Annotated, Literal

from pydantic import Field

from core.definitions.actions import ActionDefinition
from core.definitions.fields import PublicText
from core.effects.messages import prepare_message
from core.execution.preparation import Context, Prepared


class MessageAction(ActionDefinition):
    """Post `text` to `channel`, or to the incident's channel if none is given."""

    touches_outside = False
    example = """
id: announce
type: message
text: "Proposing db-failover for {{ incident.title }}"
"""

    type: Literal["message"]
    text: Annotated[PublicText, Field(min_length=1)]
    """The message, in Slack's mrkdwn."""
    channel: PublicText | None = None
    """The id (C…) of another channel. The incident's team must declare it in its team document."""

    def prepare(self, context: Context) -> Prepared:
        return prepare_message(self.text, self.channel, context)
