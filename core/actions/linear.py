"""The `linear` action: create an issue in Linear and link it to the incident."""

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from core.definitions.actions import ActionDefinition
from core.definitions.fields import PublicJson, PublicText, PublicUrl, TemplateText
from core.definitions.http_requests import render_url
from core.definitions.templates import render, render_text
from core.effects.tickets import SHOWN, Call, Ticket, TicketRefused, prepare_ticket, refused
from core.execution.preparation import Context, Prepared
from core.io.http import HttpRequest
from core.values.execution import Json

ENDPOINT = "https://api.linear.app/graphql"  # https://linear.app/developers/graphql
CREATE = """
mutation Create($input: IssueCreateInput!) { issueCreate(input: $input) { success issue { identifier url } } }
"""
FIND = """
query Find($id: ID!) {
  issues(filter: {id: {eq: $id}}, first: 1, includeArchived: true) { nodes { identifier url } }
}
"""


class LinearAction(ActionDefinition):
    """Create an issue in Linear and link it to the incident.

    The token is an API key, or `Bearer …` for an OAuth access token. We choose the issue's id, and it is the same for
    every attempt of this action, so Linear cannot create a second issue. With `retry: {safe: true}`, every attempt
    after the first looks the issue up before creating it. `actions.ID.output` has `key` and `url`.
    """

    acts_through = "http"
    keeps_secrets_to_hosts = True
    example: ClassVar[str] = """
id: ticket
type: linear
token: "{{ secrets.LINEAR_TOKEN }}"
team: 9cfb482a-81e3-4154-b5b9-2c805e70a02d
title: "{{ incident.title }}"
retry: {safe: true}
"""

    type: Literal["linear"]
    endpoint: Annotated[PublicUrl, Field(min_length=1)] = ENDPOINT
    """The URL of the GraphQL API. Change it only to go through a proxy."""
    token: Annotated[TemplateText, Field(min_length=1)]
    """The API key, from `secrets`."""
    team: Annotated[PublicText, Field(min_length=1)]
    """The id of the team in Linear."""
    title: Annotated[PublicText, Field(min_length=1)]
    """The issue's title."""
    description: PublicText = ""
    """The issue's description, in Markdown."""
    fields: dict[str, PublicJson] = {}
    """Any other fields of Linear's `IssueCreateInput`, such as `priority` or `labelIds`."""

    def prepare(self, context: Context) -> Prepared:
        scope = context.shown_scope
        others = render(self.fields, scope, ("fields",))
        assert isinstance(others, dict)
        wanted: dict[str, Json] = {
            **others,
            "id": _id(context.key),
            "teamId": render_text(self.team, scope, ("team",)),
            "title": render_text(self.title, scope, ("title",)),
        }
        description = render_text(self.description, scope, ("description",))
        if description.strip():
            wanted["description"] = description
        endpoint = render_url(self.endpoint, scope, ("endpoint",))
        issue = _Issue(endpoint, render_text(self.token, context.scope, ("token",)), wanted)
        return prepare_ticket(issue, {"url": endpoint, "input": wanted}, context, self.timeout)


def _id(key: str) -> str:
    """Return the issue's id. Linear requires a UUID of version 4; this one is derived from the key, not random."""
    return str(UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4))


def _unknown_answer(data: Json) -> TicketRefused:
    return TicketRefused(f"Linear sent an unexpected answer: {json.dumps(data)[:SHOWN]}")


@dataclass(frozen=True)
class _Issue:
    endpoint: str
    token: str
    wanted: dict[str, Json]

    def create(self, call: Call) -> Ticket:
        data = self._ask(call, CREATE, {"input": self.wanted})
        match data:
            case {"issueCreate": {"issue": {"identifier": str(key), "url": str(url)}}}:
                return Ticket(key, url)
        raise _unknown_answer(data)

    def find(self, call: Call) -> Ticket | None:
        data = self._ask(call, FIND, {"id": self.wanted["id"]})
        match data:
            case {"issues": {"nodes": []}}:
                return None
            case {"issues": {"nodes": [{"identifier": str(key), "url": str(url)}]}}:
                return Ticket(key, url)
        raise _unknown_answer(data)

    def _ask(self, call: Call, query: str, variables: dict[str, Json]) -> Json:
        """Return the response's `data`. Raises TicketRefused for errors; GraphQL sends them with status 200, too."""
        content = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Authorization": self.token, "Content-Type": "application/json"}
        response = call(HttpRequest("POST", self.endpoint, headers, content=content))
        answer = response.json if isinstance(response.json, dict) else {}
        if response.status >= 400 or answer.get("errors") or "data" not in answer:
            raise refused("Linear", response)
        return answer["data"]
