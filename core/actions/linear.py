"""The action `linear`: create an issue in Linear, and keep its link on the incident."""

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
    """Create an issue. The token is an API key, or `Bearer …` for an OAuth access token.

    We choose the issue's id, always the same for this very action's run, so a second one cannot be made. With
    `retry: {safe: true}` every attempt after the first looks for it. `actions.ID.output` has `key` and `url`.
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
    """Linear's own, unless a proxy stands before it."""
    token: Annotated[TemplateText, Field(min_length=1)]
    """The API key, from `secrets`."""
    team: Annotated[PublicText, Field(min_length=1)]
    """The id of Linear's team."""
    title: Annotated[PublicText, Field(min_length=1)]
    """The title."""
    description: PublicText = ""
    """The text below it, in Markdown."""
    fields: dict[str, PublicJson] = {}
    """Anything else that Linear's `IssueCreateInput` has, such as `priority` or `labelIds`."""

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
    """Linear wants a UUID of version 4; this one is not by chance."""
    return str(UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4))


def _unknown_answer(data: Json) -> TicketRefused:
    return TicketRefused(f"Linear's answer is not understood: {json.dumps(data)[:SHOWN]}")


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
        """The answer's `data`. Raises TicketRefused for errors, which also come with the status 200."""
        content = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Authorization": self.token, "Content-Type": "application/json"}
        response = call(HttpRequest("POST", self.endpoint, headers, content=content))
        answer = response.json if isinstance(response.json, dict) else {}
        if response.status >= 400 or answer.get("errors") or "data" not in answer:
            raise refused("Linear", response)
        return answer["data"]
