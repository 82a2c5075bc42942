"""The step `http`: one call of an HTTP API."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import CelField, SavedName, TemplateJson, TemplateText
from core.execution.calls import prepare_call
from core.execution.preparation import Context, Prepared
from core.steps.base import StepDefinition

HttpMethod = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ResponseCondition = Annotated[str, CelField(roots=("response",), condition=True)]
ResponseExpression = Annotated[str, CelField(roots=("response",), secrets=False)]


class HttpStep(StepDefinition):
    """Call a URL. It succeeds when `expect` is true; without `expect`, when the status is below 400."""

    type: Literal["http"]
    method: HttpMethod = "GET"
    url: Annotated[TemplateText, Field(min_length=1)]
    query: dict[str, TemplateJson] = {}
    headers: dict[str, TemplateText] = {}
    json_body: TemplateJson = Field(default=None, alias="json")
    body: TemplateText | None = None
    expect: ResponseCondition | None = None
    save: dict[SavedName, ResponseExpression] = {}

    def prepare(self, context: Context) -> Prepared:
        return prepare_call(self, context)

    @property
    def has_json(self) -> bool:
        """Whether `json` is given; `json: null` sends `null`, which is not the same as no body."""
        return "json_body" in self.model_fields_set

    @model_validator(mode="after")
    def _refuse_two_bodies(self) -> "HttpStep":
        if self.has_json and self.body is not None:
            raise PydanticCustomError("two_bodies", "json and body are both given. Give one of them.")
        return self
