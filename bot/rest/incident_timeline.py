"""`/incidents/{id}/timeline` and `/notes`: what happened, and what people wrote about it."""

from http import HTTPStatus
from typing import Annotated

from pydantic import StringConstraints
from starlette.responses import Response

from bot.rest.answers import NoteAnswer, TimelinePage
from bot.rest.bodies import Body
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.idempotency import CurrentPost
from bot.rest.paging import WantedPage
from bot.rest.references import IncidentReference
from core.service import Work
from core.services.incidents import find_incident
from core.services.listing import Position
from core.services.timeline import add_note, timeline
from core.views import TimelineEntryView

router = authenticated_router("incidents")


class NoteBody(Body):
    """What is to be remembered."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=3000)]


@router.get("/{id}/timeline")
def show(incident: IncidentReference, caller: CurrentCaller, page: WantedPage) -> TimelinePage:
    """What happened, oldest first: status changes, workflows, actions, runs, steps, decisions, verdicts, notes."""
    with caller.service.transaction() as work:
        rows = timeline(work, find_incident(work, caller.person, incident), page.window)
        found = page.cut(rows, _position)
        return TimelinePage(timeline=list(found.rows), next_cursor=found.next_cursor)


def _position(line: TimelineEntryView) -> Position:
    return Position(line.at, line.id)


@router.post("/{id}/notes", status_code=HTTPStatus.CREATED, response_model=NoteAnswer)
def note(incident: IncidentReference, body: NoteBody, post: CurrentPost) -> Response:
    """Write a note into the timeline."""

    def act(work: Work) -> NoteAnswer:
        found = find_incident(work, post.caller.person, incident)
        return NoteAnswer(note=add_note(work, post.caller.person, found, body.text))

    return post.once(act, HTTPStatus.CREATED)
