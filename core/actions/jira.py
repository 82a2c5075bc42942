"""The `jira` action: create an issue in Jira Cloud and link it to the incident."""

import base64
import json
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from core.definitions.actions import ActionDefinition
from core.definitions.fields import PublicJson, PublicText, PublicUrl, TemplateText
from core.definitions.http_requests import render_url
from core.definitions.templates import render, render_text
from core.effects.tickets import Call, Ticket, prepare_ticket, refused
from core.execution.preparation import Context, Prepared
from core.io.http import HttpRequest
from core.io.response import HttpResponse
from core.values.execution import Json

CREATE = "/rest/api/3/issue"  # https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
SEARCH = "/rest/api/3/search/jql"  # …/api-group-issue-search/


class JiraAction(ActionDefinition):
    """Create an issue in Jira Cloud and link it to the incident.

    `email` and `token` are the credentials of an Atlassian account; without `email`, the token is sent as a bearer
    token. The issue carries a label that is unique to this execution of the action. With `retry: {safe: true}`, every
    attempt after the first searches for that label and creates the issue only if none is found. `actions.ID.output`
    has `key` and `url`.
    """

    acts_through = "http"
    keeps_secrets_to_hosts = True
    example: ClassVar[str] = """
id: ticket
type: jira
site: https://example.atlassian.net
email: "{{ secrets.JIRA_EMAIL }}"
token: "{{ secrets.JIRA_TOKEN }}"
project: OPS
summary: "{{ incident.title }}"
retry: {safe: true}
"""

    type: Literal["jira"]
    site: Annotated[PublicUrl, Field(min_length=1)]
    """The URL of the Jira site. It is visible to people, because the link to the issue starts with it."""
    email: TemplateText | None = None
    """The email address of the account that owns the token."""
    token: Annotated[TemplateText, Field(min_length=1)]
    """The API token, from `secrets`."""
    project: Annotated[PublicText, Field(min_length=1)]
    """The project's key, such as `OPS`."""
    issue_type: PublicText = "Task"
    """The name of the issue type."""
    summary: Annotated[PublicText, Field(min_length=1)]
    """The issue's title."""
    description: PublicText = ""
    """The issue's description, as plain text."""
    labels: tuple[PublicText, ...] = ()
    """Labels to add besides the one that identifies this action."""
    fields: dict[str, PublicJson] = {}
    """Any other fields of the issue, under Jira's names for them."""

    def prepare(self, context: Context) -> Prepared:
        content = self._content(context)
        site = render_url(self.site, context.shown_scope, ("site",)).rstrip("/")
        issue = _Issue(site, self._headers(context), content, _label(context))
        return prepare_ticket(issue, {"url": site + CREATE, **content}, context, self.timeout)

    def _headers(self, context: Context) -> dict[str, str]:
        token = render_text(self.token, context.scope, ("token",))
        kind, credentials = "Bearer", token
        if self.email is not None:
            pair = f"{render_text(self.email, context.scope, ('email',))}:{token}"
            kind, credentials = "Basic", base64.b64encode(pair.encode()).decode()
        return {
            "Authorization": f"{kind} {credentials}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }

    def _content(self, context: Context) -> dict[str, Json]:
        scope = context.shown_scope
        labels = [render_text(label, scope, ("labels", index)) for index, label in enumerate(self.labels)]
        others = render(self.fields, scope, ("fields",))
        assert isinstance(others, dict)
        fields: dict[str, Json] = {
            **others,
            "project": {"key": render_text(self.project, scope, ("project",))},
            "issuetype": {"name": render_text(self.issue_type, scope, ("issue_type",))},
            "summary": " ".join(render_text(self.summary, scope, ("summary",)).split())[:255],
            "labels": [*labels, _label(context)],
        }
        description = render_text(self.description, scope, ("description",))
        if description.strip():
            fields["description"] = _document(description)
        return {"fields": fields}


def _label(context: Context) -> str:
    """Return the label that identifies this action's issue. Jira allows no spaces in labels; our keys have none."""
    return f"runbook-{context.key}"


def _document(text: str) -> Json:
    """Return plain text in the Atlassian Document Format.

    https://developer.atlassian.com/cloud/jira/platform/apis/document/
    """
    paragraphs: list[Json] = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]}
        for line in text.splitlines()
        if line.strip()
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


@dataclass(frozen=True)
class _Issue:
    site: str
    headers: dict[str, str]
    content: dict[str, Json]
    label: str

    def create(self, call: Call) -> Ticket:
        response = call(self._post(CREATE, self.content))
        key = response.json.get("key") if isinstance(response.json, dict) else None
        if response.status >= 400 or not isinstance(key, str):
            raise refused("Jira", response)
        return self._ticket(key)

    def find(self, call: Call) -> Ticket | None:
        wanted: dict[str, Json] = {
            "jql": f'labels = "{self.label}"',
            "fields": ["summary"],
            "maxResults": 1,
        }
        response = call(self._post(SEARCH, wanted))
        key = _first_key(response)
        return self._ticket(key) if key is not None else None

    def _post(self, path: str, content: dict[str, Json]) -> HttpRequest:
        return HttpRequest("POST", self.site + path, self.headers, content=json.dumps(content).encode())

    def _ticket(self, key: str) -> Ticket:
        return Ticket(key, f"{self.site}/browse/{key}")


def _first_key(response: HttpResponse) -> str | None:
    """Return the key of the first issue found, or None. Raises TicketRefused if the response is not a search result."""
    issues = response.json.get("issues") if isinstance(response.json, dict) else None
    if response.status >= 400 or not isinstance(issues, list):
        raise refused("Jira", response)
    first = issues[0] if issues else None
    return str(first["key"]) if isinstance(first, dict) and "key" in first else None
