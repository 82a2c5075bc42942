"""The `pagerduty` step: add a note to an incident of PagerDuty, acknowledge it, or resolve it."""

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
from core.effects.remote import Api, Refused, Session, Unclear, Useless, credentials, web_link
from core.errors import InvalidInput
from core.execution.preparation import Context
from core.values.execution import Json

REST, EVENTS = "https://api.pagerduty.com", "https://events.pagerduty.com"
ACCEPT = "application/vnd.pagerduty+json;version=2"
STATUSES = {"acknowledge": "acknowledged", "resolve": "resolved"}
LONGEST_NOTE = 25_000


class PagerdutyStep(RemoteStep):
    """Do `action` with an incident: `note`, `acknowledge` or `resolve`. The incident is named by its id, or by the
    `dedup_key` of its alerts. `save` sees what PagerDuty answers as `job`.

    There are two ways in. The REST API takes `token` and `from`, and does all three. The Events API takes `routing_key`
    and `dedup_key`, and acknowledges or resolves whatever is open under that key; it answers before it has done so, and
    does not say whether anything was open.

    To acknowledge or to resolve twice is the same as once, so either is done again if the worker or the answer is lost.
    With a `dedup_key`, an incident that was opened meanwhile under the same key is then resolved as well. A note ends
    with the step's key. It is looked for by it for two minutes, and people are asked if it is not there.

    Sources: https://developer.pagerduty.com/api-reference/9d0b4b12e36f9-list-incidents,
    https://developer.pagerduty.com/api-reference/8a0e1aa2ec666-update-an-incident,
    https://developer.pagerduty.com/api-reference/9529ec706026d-create-a-note-on-an-incident,
    https://developer.pagerduty.com/docs/events-api-v2-overview
    """

    system_name = "PagerDuty"
    example: ClassVar[str] = """
id: acknowledged
type: pagerduty
action: acknowledge
dedup_key: "orders-{{ params.cluster }}"
token: "{{ secrets.PAGERDUTY_TOKEN }}"
from: runbook@example.com
"""

    type: Literal["pagerduty"]
    action: Literal["note", "acknowledge", "resolve"]
    """What to do with the incident."""
    incident: PublicText | None = None
    """The incident's id, such as `PT4KHLK`."""
    dedup_key: PublicText | None = None
    """The key under which its alerts are open. The REST API then takes the newest open incident with it."""
    note: Annotated[PublicText, Field(min_length=1)] | None = None
    """The text of the note."""
    token: Annotated[TemplateText, Field(min_length=1)] | None = None
    """The key of the REST API, from `secrets`."""
    sender: Annotated[PublicText, Field(min_length=1)] | None = Field(default=None, alias="from")
    """The email address of the user in whose name the REST API does it."""
    routing_key: Annotated[TemplateText, Field(min_length=1)] | None = None
    """The integration key of the Events API, from `secrets`, instead of `token`."""
    url: Annotated[PublicUrl, Field(min_length=1)] | None = None
    """The URL of the API, if the account is elsewhere: `https://api.eu.pagerduty.com`,
    `https://events.eu.pagerduty.com`."""

    @property
    def finds_lost_attempts(self) -> bool:
        return True

    def shown(self, context: Context) -> Json:
        shown: dict[str, Json] = {"url": self._url(context), "action": self.action}
        for name in ("incident", "dedup_key", "note"):
            if (text := self._public(name, context)) is not None:
                shown[name] = text
        return {**shown, "key": context.key}

    def api(self, context: Context) -> Api:
        if self.token is None:
            return Api("PagerDuty", self._url(context))
        token = render_text(self.token, context.scope, ("token",))
        headers = {"Accept": ACCEPT, **credentials("Authorization", f"Token token={token}")}
        return Api(
            "PagerDuty",
            self._url(context),
            headers | credentials("From", self._public("sender", context) or ""),
        )

    def system(self, context: Context) -> "_Note | _Change | _Event":
        dedup_key = self._public("dedup_key", context)
        if self.routing_key is not None:
            key = render_text(self.routing_key, context.scope, ("routing_key",))
            return _Event(key, self.action, dedup_key or "")
        incident = _Incident(self._incident(context), dedup_key)
        if self.action == "note":
            return _Note(incident, self._public("note", context) or "")
        return _Change(incident, STATUSES[self.action])

    def _incident(self, context: Context) -> str | None:
        id_ = self._public("incident", context)
        if id_ is not None and not re.fullmatch(r"[A-Za-z0-9]{1,64}", id_):
            raise InvalidInput(
                f"{id_!r} is not the id of an incident.", hint="It is like PT4KHLK.", field="incident"
            )
        return id_

    def _public(self, name: str, context: Context) -> str | None:
        template = getattr(self, name)
        return None if template is None else render_text(template, context.shown_scope, (name,))

    def _url(self, context: Context) -> str:
        default = EVENTS if self.routing_key is not None else REST
        return render_url(self.url or default, context.shown_scope, ("url",)).rstrip("/")

    @model_validator(mode="after")
    def _refuse_what_does_not_fit(self) -> Self:
        if why := self._why_not():
            raise PydanticCustomError("pagerduty", "{why}", {"why": why})
        return self

    def _why_not(self) -> str | None:
        if (self.incident is None) == (self.dedup_key is None):
            return "Name the incident by either incident or dedup_key."
        if (self.token is None) == (self.routing_key is None):
            return "Give either token and from (the REST API) or routing_key (the Events API)."
        if (self.token is None) != (self.sender is None):
            return "token and from go together: the REST API needs both."
        if (self.action == "note") != (self.note is not None):
            return "action: note and note go together."
        if self.routing_key is not None and (self.dedup_key is None or self.action == "note"):
            return "The Events API knows only dedup_key, and cannot add notes. Use token and from."
        return None


@dataclass(frozen=True)
class _Incident:
    """The incident that the step is about, by its id or by its key."""

    id: str | None
    dedup_key: str | None

    def found(self, session: Session) -> str:
        """Return its id. Raises Useless if no incident with the key is open."""
        if self.id is not None:
            return self.id
        query: dict[str, Json] = {
            "incident_key": self.dedup_key,
            "date_range": "all",
            "sort_by": "created_at:desc",
        }
        listed = session.get_first("/incidents", **query)
        incidents = listed.get("incidents") if isinstance(listed, dict) else None
        if not isinstance(incidents, list):
            raise Refused("PagerDuty sent a list of incidents that cannot be read.")
        for each in incidents:
            if (
                isinstance(each, dict)
                and each.get("status") != "resolved"
                and isinstance(each.get("id"), str)
            ):
                return str(each["id"])
        raise Useless(f"No incident of PagerDuty is open under the key {self.dedup_key}.")


@dataclass(frozen=True)
class _Change(Once):
    """An incident's new status."""

    incident: _Incident
    status: str
    is_idempotent = True

    def start(self, session: Session, mark: str) -> Job:  # noqa: ARG002 as in JobSystem
        id_ = self.incident.found(session)
        body: Json = {"incident": {"type": "incident_reference", "status": self.status}}
        answer = session.json_of(session.change("PUT", f"/incidents/{id_}", body))
        incident = answer.get("incident") if isinstance(answer, dict) else None
        seen = incident if isinstance(incident, dict) else {}
        return Job(id_, _link(seen, id_), str(seen.get("status", self.status)), succeeded=True, detail=answer)


@dataclass(frozen=True)
class _Event(Once):
    """An event of the Events API."""

    routing_key: str
    action: str
    dedup_key: str
    is_idempotent = True

    def start(self, session: Session, mark: str) -> Job:  # noqa: ARG002 as in JobSystem
        body: Json = {
            "routing_key": self.routing_key,
            "event_action": self.action,
            "dedup_key": self.dedup_key,
        }
        answer = session.json_of(session.change("POST", "/v2/enqueue", body))
        return Job(
            self.dedup_key, "https://app.pagerduty.com/incidents", "accepted", succeeded=True, detail=answer
        )


@dataclass(frozen=True)
class _Note(Once):
    """A note, which ends with its mark."""

    incident: _Incident
    text: str

    def start(self, session: Session, mark: str) -> Job:
        id_ = self.incident.found(session)
        content = f"{self.text[:LONGEST_NOTE]}\n\n({mark})"
        answer = session.json_of(
            session.change("POST", f"/incidents/{id_}/notes", {"note": {"content": content}})
        )
        return self._job(id_, answer.get("note") if isinstance(answer, dict) else None)

    def recent(self, session: Session) -> Sequence[Candidate]:
        try:
            id_ = self.incident.found(session)
        except Useless as error:  # it was resolved since, and its notes cannot be found by the key
            raise Refused(str(error)) from error
        listed = session.get(f"/incidents/{id_}/notes")
        notes = listed.get("notes") if isinstance(listed, dict) else None
        if not isinstance(notes, list):
            raise Unclear("PagerDuty sent a list of notes that cannot be read.")
        return [
            Candidate(str(note.get("content")), self._job(id_, note))
            for note in notes
            if isinstance(note, dict)
        ]

    def _job(self, incident: str, note: Json) -> Job:
        return Job(incident, _link({}, incident), "noted", succeeded=True, detail={"note": note})


def _link(incident: Mapping[str, Json], id_: str) -> str:
    return web_link(incident.get("html_url"), f"https://app.pagerduty.com/incidents/{id_}")
