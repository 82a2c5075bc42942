"""The `webhook` action: call another system over HTTP."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.actions import ActionDefinition
from core.definitions.fields import HeaderText, TemplateJson, UrlTemplate
from core.definitions.http_requests import Auth
from core.effects.calls import prepare_call
from core.execution.preparation import Context, Prepared
from core.steps.http import HttpMethod, ResponseCondition


class WebhookAction(ActionDefinition):
    """Call a URL. It succeeds if `expect` is true; without `expect`, if the status is below 400."""

    acts_through = "http"
    keeps_secrets_to_hosts = True
    example = """
id: page
type: webhook
if: incident.labels.pager == "yes"
url: https://pager.example/api/pages
headers: {Authorization: "Bearer {{ secrets.PAGER }}"}
json: {title: "{{ incident.title }}"}
"""

    type: Literal["webhook"]
    method: HttpMethod = "POST"
    """The HTTP method."""
    url: Annotated[UrlTemplate, Field(min_length=1)]
    """The URL, http or https. Values that `{{ … }}` inserts into its path or query are percent-encoded; scheme and
    host must be literal or come from a secret. RUNBOOK_EGRESS says which hosts may be reached."""
    auth: Auth | None = None
    """How to authenticate: `bearer`, `basic`, or `oauth2` (client credentials)."""
    headers: dict[str, HeaderText] = {}
    """Headers to send besides `Idempotency-Key`, which is the same for every attempt."""
    json_body: TemplateJson = Field(default=None, alias="json")
    """The request body, as JSON. A string that is a single `{{ … }}` keeps the type of its value."""
    expect: ResponseCondition | None = None
    """The condition for success, over `response.status`, `.headers`, `.text` and `.json`."""

    def prepare(self, context: Context) -> Prepared:
        return prepare_call(self, context)

    @property
    def has_json(self) -> bool:
        """True if `json` is given. `json: null` sends `null`, which is not the same as no body."""
        return "json_body" in self.model_fields_set

    @model_validator(mode="after")
    def _refuse_two_authorizations(self) -> "WebhookAction":
        if self.auth is not None and "authorization" in map(str.lower, self.headers):
            raise PydanticCustomError(
                "two_authorizations", "auth and the header Authorization are both given. Give one of them."
            )
        return self
