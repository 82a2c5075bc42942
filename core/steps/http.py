"""The step `http`: one call of an HTTP API."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import CelField, HeaderText, SavedName, TemplateJson, TemplateText, UrlTemplate
from core.definitions.steps import StepDefinition
from core.effects.calls import prepare_call
from core.execution.preparation import Context, Prepared

HttpMethod = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ResponseCondition = Annotated[str, CelField(roots=("response",), condition=True)]
ResponseExpression = Annotated[str, CelField(roots=("response",))]


class HttpStep(StepDefinition):
    """Call a URL. It succeeds when `expect` is true; without `expect`, when the status is below 400."""

    acts_through = "http"
    keeps_secrets_to_hosts = True
    example = """
id: promote
type: http
method: POST
url: "{{ secrets.DB_API }}/clusters/{{ params.cluster }}/promote"
json: {reason: "{{ incident.title }}"}
expect: response.status == 200
save: {primary: response.json.primary}
retry: {safe: true, attempts: 3, backoff: 1s}
"""

    type: Literal["http"]
    method: HttpMethod = "GET"
    """What is done there. Only GET and HEAD are repeated in doubt without `retry: {safe: true}`."""
    url: Annotated[UrlTemplate, Field(min_length=1)]
    """The address, http or https. What `{{ … }}` brings into its path or query is percent-encoded; scheme and host are
    written, or a secret's. RUNBOOK_EGRESS says which hosts may be reached."""
    query: dict[str, TemplateJson] = {}
    """What is added to the address behind `?`, escaped."""
    headers: dict[str, HeaderText] = {}
    """Headers besides `Idempotency-Key`, which is the same for every attempt."""
    json_body: TemplateJson = Field(default=None, alias="json")
    """The body, as JSON. A text that is only `{{ … }}` keeps the type of its value."""
    body: TemplateText | None = None
    """The body, as text."""
    expect: ResponseCondition | None = None
    """When it succeeded, over `response.status`, `.headers`, `.text` and `.json`."""
    save: dict[SavedName, ResponseExpression] = {}
    """What is kept of the answer, for later steps to read as `steps.ID.saved.NAME`."""

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
