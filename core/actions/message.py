"""The action `message`: say something in Slack."""

from typing import Annotated, Literal

from pydantic import Field

from core.actions.base import ActionDefinition
from core.definitions.fields import PublicText
from core.execution.messages import prepare_message
from core.execution.preparation import Context, Prepared


class MessageAction(ActionDefinition):
    """Post `text` to `channel`; without one, to the incident's channel."""

    touches_outside = False

    type: Literal["message"]
    text: Annotated[PublicText, Field(min_length=1)]
    channel: PublicText | None = None

    def prepare(self, context: Context) -> Prepared:
        return prepare_message(self.text, self.channel, context)
