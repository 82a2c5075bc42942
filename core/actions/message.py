"""The action `message`: say something in Slack."""

from typing import Annotated, Literal

from pydantic import Field

from core.actions.base import ActionDefinition
from core.definitions.fields import TemplateText


class MessageAction(ActionDefinition):
    """Post `text` to `channel`; without one, to the incident's channel."""

    type: Literal["message"]
    text: Annotated[TemplateText, Field(min_length=1)]
    channel: TemplateText | None = None
