"""`/audit`: the audit trail, page by page as JSON, or all of it as JSON Lines."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Header, Query
from pydantic import StringConstraints
from starlette.responses import JSONResponse, Response, StreamingResponse

from bot.rest.answers import AuditPage
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.filters import Moment
from bot.rest.paging import WantedPage
from core.errors import InvalidInput
from core.services.access.listing import Position
from core.services.audit.reading import AuditFilter, Place, export_entries, list_entries
from core.views.records import AuditEntryView

JSON_LINES = "application/x-ndjson"  # https://github.com/ndjson/ndjson-spec
PREFIX = "aud_"  # of entries in cursors

router = authenticated_router("/api/audit", "audit")

Wanted = Annotated[
    str | None, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$"), Query()
]


def wanted_entries(
    actor: Wanted = None,
    action: Wanted = None,
    subject: Wanted = None,
    since: Annotated[Moment | None, Query(description="At or after this time.")] = None,
    until: Annotated[Moment | None, Query(description="Before this time.")] = None,
) -> AuditFilter:
    """The filter of the query."""
    return AuditFilter(actor, action, subject, since, until)


@router.get("", response_model=AuditPage, responses={200: {"content": {JSON_LINES: {}}}})
def list_all(
    caller: CurrentCaller,
    page: WantedPage,
    wanted: Annotated[AuditFilter, Depends(wanted_entries)],
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """List who did what, newest first.

    With `Accept: application/x-ndjson`, returns all entries, oldest first, one on each line.
    """
    if JSON_LINES in accept.lower():
        entries = export_entries(caller.unit_of_work, caller.person, wanted)
        return StreamingResponse(json_lines(entries), media_type=JSON_LINES)
    before = place_of(page.after) if page.after else None
    with caller.unit_of_work.begin() as work:
        rows = list_entries(work, caller.person, wanted, page.window.size, before)
    found = page.cut(rows, position_of)
    answer = AuditPage(audit=list(found.rows), next_cursor=found.next_cursor)
    return JSONResponse(answer.model_dump(mode="json"))


def json_lines(entries: Iterator[AuditEntryView]) -> Iterator[str]:
    for entry in entries:
        yield entry.model_dump_json() + "\n"


def position_of(entry: AuditEntryView) -> Position:
    return Position(entry.at, f"{PREFIX}{entry.number}")


def place_of(position: Position) -> Place:
    """Return the place in the trail. Raises InvalidInput for the cursor of another list."""
    number = position.id.removeprefix(PREFIX)
    if not number.isdecimal() or len(number) > 10:
        raise InvalidInput("This cursor belongs to another list.", field="cursor")
    return Place(position.at, min(int(number), 2**31 - 1))
