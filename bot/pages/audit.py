"""`/audit`: who did what, newest first; the export of all that the filter finds; and the head of the chain."""

from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse

from bot.pages.access.readers import Visit
from bot.pages.query import CURSOR, Query
from bot.pages.rendering import with_query
from bot.pages.site import Site
from bot.rest.audit import JSON_LINES, json_lines, place_of, position_of
from core.services.audit.chain import newest_head
from core.services.audit.reading import AuditFilter, export_entries, list_entries

FILTERS = ("actor", "action", "subject", "since", "until")


@dataclass(frozen=True)
class AuditPage:
    site: Site

    def show(self, visit: Visit) -> Response:
        query = Query(visit.request.query_params)
        page, wanted = query.page(), wanted_entries(query)
        before = place_of(page.after) if page.after else None
        with self.site.unit_of_work.begin() as work:
            rows = list_entries(work, visit.person, wanted, page.window.size, before)
            head = newest_head(work)
        found = page.cut(rows, position_of)
        return self.site.show(
            visit,
            "audit.html",
            entries=found.rows,
            head=head,
            asked={name: query.text(name) or "" for name in FILTERS},
            export=with_query(query.params, **{CURSOR: None}),
            following=with_query(query.params, **{CURSOR: found.next_cursor}) if found.next_cursor else "",
        )

    def export(self, visit: Visit) -> Response:
        """Return all entries that the filter finds, oldest first, one JSON object in each line."""
        wanted = wanted_entries(Query(visit.request.query_params))
        entries = export_entries(self.site.unit_of_work, visit.person, wanted)
        headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
        return StreamingResponse(json_lines(entries), headers=headers, media_type=JSON_LINES)


def wanted_entries(query: Query) -> AuditFilter:
    since, until = query.period()
    return AuditFilter(query.text("actor"), query.text("action"), query.text("subject"), since, until)
