"""The action `webhook`: tell another system by HTTP."""

from typing import Annotated, Literal

from pydantic import Field

from core.actions.base import ActionDefinition
from core.definitions.fields import TemplateJson, TemplateText
from core.execution.calls import prepare_call
from core.execution.preparation import Context, Prepared
from core.steps.http import HttpMethod, ResponseCondition


class WebhookAction(ActionDefinition):
    """Call a URL. It succeeds when `expect` is true; without `expect`, when the status is below 400."""

    type: Literal["webhook"]
    method: HttpMethod = "POST"
    url: Annotated[TemplateText, Field(min_length=1)]
    headers: dict[str, TemplateText] = {}
    json_body: TemplateJson = Field(default=None, alias="json")
    expect: ResponseCondition | None = None

    def prepare(self, context: Context) -> Prepared:
        return prepare_call(self, context)

    @property
    def has_json(self) -> bool:
        """Whether `json` is given; `json: null` sends `null`, which is not the same as no body."""
        return "json_body" in self.model_fields_set
