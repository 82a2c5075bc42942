"""The `statuspage` step: tell the public on a page of Atlassian Statuspage."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import PublicText, PublicUrl, TemplateText
from core.definitions.http_requests import render_url
from core.definitions.templates import render_text
from core.effects.job_steps import RemoteStep
from core.effects.job_values import Candidate, Job, Once
from core.effects.remote import Api, Session, Unclear, credentials, web_link
from core.errors import InvalidInput
from core.execution.preparation import Context
from core.values.execution import Json

API = "https://api.statuspage.io/v1"
NEWEST = 25  # incidents that are searched
MARKS, MOST_MARKS = "runbook", 20  # kept in an incident's metadata, the newest last
ComponentStatus = Literal[
    "operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"
]
ComponentId = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")]


class StatuspageStep(RemoteStep):
    """Open an incident on the page (`title`), update one (`incident`), or, with neither, set the status of components.

    `steps.ID.output.id` is the incident's id, for the steps that update it later. `save` sees the incident as `job`.

    An incident carries the step's key in its metadata, and so does each update. If the worker or the answer is lost, it
    is looked for by that key among the page's newest 25 incidents, for two minutes, and people are asked if it is not
    there. So subscribers are not told twice. Setting components twice is the same as once; that is done again.

    The API takes one call a second for each token, and answers 420 or 429 to more.
    Source: https://developer.statuspage.io/#tag/incidents, https://developer.statuspage.io/#tag/components
    """

    system_name = "Statuspage"
    example: ClassVar[str] = """
id: told
type: statuspage
page: kctbh9vrtdwd
token: "{{ secrets.STATUSPAGE_TOKEN }}"
title: "Orders are slow in {{ params.cluster }}"
status: identified
body: We have found the cause and are switching to a replica.
components: {8kbf7d35c070: degraded_performance}
"""

    type: Literal["statuspage"]
    url: Annotated[PublicUrl, Field(min_length=1)] = API
    """The URL of the API."""
    page: Annotated[PublicText, Field(min_length=1)]
    """The page's id."""
    token: Annotated[TemplateText, Field(min_length=1)]
    """The API key, from `secrets`."""
    incident: Annotated[PublicText, Field(min_length=1)] | None = None
    """The id of the incident to update."""
    title: Annotated[PublicText, Field(min_length=1)] | None = None
    """The title of the incident to open."""
    status: Literal["investigating", "identified", "monitoring", "resolved"] | None = None
    """The incident's new status."""
    body: PublicText | None = None
    """What the public reads."""
    impact: Literal["none", "minor", "major", "critical"] | None = None
    """The incident's impact. If omitted, Statuspage derives it from the components."""
    components: dict[ComponentId, ComponentStatus] = {}
    """The new status of components, by their ids."""
    notify: bool = True
    """Whether subscribers are told."""

    @property
    def finds_lost_attempts(self) -> bool:
        return True

    def shown(self, context: Context) -> Json:
        path, content = self._path(context), self._content(context)
        method = "POST" if self.title is not None else "PATCH"
        return {"method": method, "url": self._url(context) + path, "body": content, "key": context.key}

    def api(self, context: Context) -> Api:
        token = render_text(self.token, context.scope, ("token",))
        return Api("Statuspage", self._url(context), credentials("Authorization", f"OAuth {token}"))

    def system(self, context: Context) -> "_Opening | _Update | _Components":
        page, path, content = self._page(context), self._path(context), self._content(context)
        if self.title is not None:
            return _Opening(page, path, content)
        return _Update(page, path, content) if self.incident is not None else _Components(page, path, content)

    def _url(self, context: Context) -> str:
        return render_url(self.url, context.shown_scope, ("url",)).rstrip("/")

    def _page(self, context: Context) -> str:
        return f"/pages/{_id(render_text(self.page, context.shown_scope, ('page',)), 'page')}"

    def _path(self, context: Context) -> str:
        if self.title is None and self.incident is None:
            return f"{self._page(context)}/components"
        if self.incident is None:
            return f"{self._page(context)}/incidents"
        incident = _id(render_text(self.incident, context.shown_scope, ("incident",)), "incident")
        return f"{self._page(context)}/incidents/{incident}"

    def _content(self, context: Context) -> dict[str, Json]:
        """Return the incident as it is sent, or the components and their statuses."""
        if self.title is None and self.incident is None:
            return dict(self.components)
        texts = {"name": self.title, "body": self.body}
        given: dict[str, Json] = {
            name: render_text(text, context.shown_scope, (name,))
            for name, text in texts.items()
            if text is not None
        }
        fixed: dict[str, Json] = {"status": self.status, "impact_override": self.impact}
        given |= {name: value for name, value in fixed.items() if value is not None}
        if self.components:
            given |= {"components": dict(self.components), "component_ids": list(self.components)}
        return {**given, "deliver_notifications": self.notify}

    @model_validator(mode="after")
    def _refuse_what_does_not_fit(self) -> Self:
        if why := self._why_not():
            raise PydanticCustomError("statuspage", "{why}", {"why": why})
        return self

    def _why_not(self) -> str | None:
        about = [self.status, self.body, self.impact]
        if self.incident is not None and self.title is not None:
            return "incident updates an incident and title opens one. Give one of them."
        if self.incident is None and self.title is None and (not self.components or any(about)):
            return "Give title to open an incident, incident to update one, or components alone to set their status."
        if self.incident is not None and not (any(about) or self.components):
            return "The update says nothing. Give status, body, impact or components."
        return None


def _id(text: str, field: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]{1,64}", text):
        raise InvalidInput(
            f"{text!r} is not an id of Statuspage.", hint="It is like kctbh9vrtdwd.", field=field
        )
    return text


@dataclass(frozen=True)
class _Incidents(Once):
    """The incidents of a page. `content`: of the incident, or the components."""

    page: str
    path: str
    content: Mapping[str, Json]

    def recent(self, session: Session) -> Sequence[Candidate]:
        """Return the page's newest incidents."""
        listed = session.get(f"{self.page}/incidents", limit=NEWEST)
        if not isinstance(listed, list):
            raise Unclear("Statuspage sent a list of incidents that cannot be read.")
        return [_candidate(each) for each in listed if isinstance(each, dict)]


class _Opening(_Incidents):
    """A new incident."""

    def start(self, session: Session, mark: str) -> Job:
        incident: dict[str, Json] = {**self.content, "metadata": {MARKS: {"keys": [mark]}}}
        return _job(session.json_of(session.change("POST", self.path, {"incident": incident})))


class _Update(_Incidents):
    """An update of an incident. Its metadata keeps what others wrote there."""

    def start(self, session: Session, mark: str) -> Job:
        metadata = self._metadata(session)
        keys: list[Json] = [*_marks(metadata), mark][-MOST_MARKS:]
        incident: dict[str, Json] = {**self.content, "metadata": {**metadata, MARKS: {"keys": keys}}}
        return _job(session.json_of(session.change("PATCH", self.path, {"incident": incident})))

    def recent(self, session: Session) -> Sequence[Candidate]:
        incident = session.get(self.path)
        return [_candidate(incident)] if isinstance(incident, dict) else []

    def _metadata(self, session: Session) -> dict[str, Json]:
        incident = session.get_first(self.path)
        metadata = incident.get("metadata") if isinstance(incident, dict) else None
        return dict(metadata) if isinstance(metadata, dict) else {}


class _Components(_Incidents):
    """The status of components."""

    is_idempotent = True

    def start(self, session: Session, mark: str) -> Job:  # noqa: ARG002 as in JobSystem
        for component, status in self.content.items():
            session.change("PATCH", f"{self.path}/{component}", {"component": {"status": status}})
        page = self.page.rpartition("/")[2]
        url = f"https://manage.statuspage.io/pages/{page}"
        return Job(page, url, "set", succeeded=True, detail=dict(self.content))


def _marks(metadata: Mapping[str, Json]) -> list[Json]:
    ours = metadata.get(MARKS)
    keys = ours.get("keys") if isinstance(ours, dict) else None
    return keys if isinstance(keys, list) else []


def _candidate(incident: Mapping[str, Json]) -> Candidate:
    metadata = incident.get("metadata")
    keys = _marks(metadata) if isinstance(metadata, dict) else []
    return Candidate("\n".join(map(str, keys)), _job(dict(incident)))


def _job(incident: Json) -> Job:
    """Return the incident as it was answered. Raises Unclear if it has no id."""
    if not isinstance(incident, dict) or not isinstance(incident.get("id"), str):
        raise Unclear("Statuspage sent an incident that cannot be read.")
    id_, link = str(incident["id"]), incident.get("shortlink")
    url = web_link(link, f"https://manage.statuspage.io/incidents/{id_}")
    return Job(id_, url, str(incident.get("status")), succeeded=True, detail=incident)
