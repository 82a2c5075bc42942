"""`/incidents/{id}/timeline`, `/export` and `/notes`: what happened, its report, and people's notes."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError
from starlette.responses import PlainTextResponse, Response

from bot.cards.report import markdown
from bot.rest.answers import NoteAnswer, TimelinePage
from bot.rest.bodies import Body
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.filters import WantedPeriod
from bot.rest.idempotency import CurrentPost
from bot.rest.paging import WantedPage
from bot.rest.references import IncidentReference
from core.decisions.timeline import KINDS
from core.definitions.problems import nearest, one_of
from core.services.access.listing import Position
from core.services.incidents.opening import find_incident
from core.services.incidents.report import report_of
from core.services.incidents.timeline import LONGEST_NOTE, WantedLines, add_note, timeline
from core.unit_of_work import UnitOfWork
from core.views.incidents import TimelineEntryView

router = authenticated_router("/api/incidents", "incidents")


def _check_kind(value: str) -> str:
    """Refuse an unknown kind, with the nearest names: there are too many to list."""
    if value in KINDS:
        return value
    near = nearest(value, KINDS)
    meant = one_of(near) if near else f"a kind of line, such as {KINDS[0]}"
    raise PydanticCustomError("unknown_kind", "There is no such kind of line", {"meant": meant})


Kind = Annotated[str, AfterValidator(_check_kind), WithJsonSchema({"type": "string", "enum": list(KINDS)})]
WantedKinds = Annotated[
    list[Kind] | None, Query(description="Only lines of this kind; repeat it for several kinds.")
]


class MarkdownResponse(PlainTextResponse):
    """https://www.rfc-editor.org/rfc/rfc7763"""

    media_type = "text/markdown"


class NoteBody(Body):
    """The note's text."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NOTE)]


@router.get("/{id}/timeline")
def show(
    incident: IncidentReference,
    caller: CurrentCaller,
    page: WantedPage,
    period: WantedPeriod,
    kind: WantedKinds = None,
) -> TimelinePage:
    """List what happened, oldest first: status changes, workflows, actions, runs, steps, decisions, verdicts, notes."""
    with caller.unit_of_work.begin() as work:
        wanted = WantedLines(tuple(kind) if kind else None, period.since, period.until)
        rows = timeline(work, find_incident(work, caller.person, incident), page.window, wanted)
        found = page.cut(rows, _position)
        return TimelinePage(timeline=list(found.rows), next_cursor=found.next_cursor)


def _position(line: TimelineEntryView) -> Position:
    return Position(line.at, line.id)


@router.get("/{id}/export", response_class=MarkdownResponse)
def export(incident: IncidentReference, caller: CurrentCaller) -> MarkdownResponse:
    """Show the incident's report as Markdown: its timeline, runs, people and durations."""
    with caller.unit_of_work.begin() as work:
        report = report_of(work, find_incident(work, caller.person, incident))
    return MarkdownResponse(markdown(report))


@router.post("/{id}/notes", status_code=HTTPStatus.CREATED, response_model=NoteAnswer)
def note(incident: IncidentReference, body: NoteBody, post: CurrentPost) -> Response:
    """Write a note into the timeline."""

    def act(work: UnitOfWork) -> NoteAnswer:
        found = find_incident(work, post.caller.person, incident)
        return NoteAnswer(note=add_note(work, post.caller.person, found, body.text))

    return post.once(act, HTTPStatus.CREATED)
