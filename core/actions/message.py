"""The action `message`: say something in Slack."""

from typing import Annotated, Literal

from pydantic import Field

from core.definitions.actions import ActionDefinition
from core.definitions.fields import PublicText
from core.effects.messages import prepare_message
from core.execution.preparation import Context, Prepared


class MessageAction(ActionDefinition):
    """Post `text` to `channel`; without one, to the incident's channel."""

    touches_outside = False
    example = """
id: announce
type: message
text: "Proposing db-failover for {{ incident.title }}"
"""

    type: Literal["message"]
    text: Annotated[PublicText, Field(min_length=1)]
    """What is said, in Slack's markup."""
    channel: PublicText | None = None
    """The id of another channel, C…: one that the incident's team declares in its document."""

    def prepare(self, context: Context) -> Prepared:
        return prepare_message(self.text, self.channel, context)
