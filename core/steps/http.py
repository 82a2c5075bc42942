"""The `http` step: call an HTTP API."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import CelField, HeaderText, SavedName, TemplateJson, TemplateText, UrlTemplate
from core.definitions.steps import StepDefinition
from core.effects.calls import SAFE_METHODS, prepare_call
from core.execution.preparation import Context, Prepared

HttpMethod = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ResponseCondition = Annotated[str, CelField(roots=("response",), condition=True)]
ResponseExpression = Annotated[str, CelField(roots=("response",))]


class HttpStep(StepDefinition):
    """Call a URL. It succeeds if `expect` is true; without `expect`, if the status is below 400."""

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
    """The HTTP method. If the outcome is in doubt, only GET and HEAD are repeated without `retry: {safe: true}`."""
    url: Annotated[UrlTemplate, Field(min_length=1)]
    """The URL, http or https. Values that `{{ … }}` inserts into its path or query are percent-encoded; scheme and
    host must be literal or come from a secret. RUNBOOK_EGRESS says which hosts may be reached."""
    query: dict[str, TemplateJson] = {}
    """Query parameters, added to the URL and percent-encoded."""
    headers: dict[str, HeaderText] = {}
    """Headers to send besides `Idempotency-Key`, which is the same for every attempt."""
    json_body: TemplateJson = Field(default=None, alias="json")
    """The request body, as JSON. A string that is a single `{{ … }}` keeps the type of its value."""
    body: TemplateText | None = None
    """The request body, as text."""
    expect: ResponseCondition | None = None
    """The condition for success, over `response.status`, `.headers`, `.text` and `.json`."""
    save: dict[SavedName, ResponseExpression] = {}
    """Values to save from the response. Later steps read them as `steps.ID.saved.NAME`."""

    def prepare(self, context: Context) -> Prepared:
        return prepare_call(self, context)

    def in_words(self) -> str:
        return f"Call a URL with {self.method}."

    @property
    def only_reads(self) -> bool:
        return self.method in SAFE_METHODS

    @property
    def has_json(self) -> bool:
        """True if `json` is given. `json: null` sends `null`, which is not the same as no body."""
        return "json_body" in self.model_fields_set

    @model_validator(mode="after")
    def _refuse_two_bodies(self) -> "HttpStep":
        if self.has_json and self.body is not None:
            raise PydanticCustomError("two_bodies", "json and body are both given. Give one of them.")
        return self
