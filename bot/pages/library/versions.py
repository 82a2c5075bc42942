"""`/runbooks/{id}/versions` and `/workflows/{id}/versions`: who wrote and decided what, and the diff of any two."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.library.definition import find_definition
from bot.pages.library.outline import DiffLine, diff_lines
from bot.pages.query import CURSOR, Query
from bot.pages.rendering import with_query
from bot.pages.site import Site
from bot.rest.library import line_of, position_of
from core.errors import InvalidInput
from core.services.library.history import difference_between, list_history, view_line
from core.services.library.kinds import WRITES, DefinitionKind, Row
from core.unit_of_work import UnitOfWork

VERSION = re.compile(r"v?([0-9]{1,9})")
ON_A_PAGE = 50


@dataclass(frozen=True)
class Compared:
    before: int
    after: int
    lines: Sequence[DiffLine]


@dataclass(frozen=True)
class VersionsPage(Generic[Row]):
    site: Site
    kind: DefinitionKind[Row]

    def show(self, visit: Visit) -> Response:
        query = Query(visit.request.query_params)
        page, asked = query.page(ON_A_PAGE), (_version(query, "from"), _version(query, "to"))
        with self.site.unit_of_work.begin() as work:
            row = find_definition(work, visit, self.kind)
            size, before = page.window.size, line_of(page.after)
            found = page.cut(list_history(work, self.kind, row, size=size, before=before), position_of)
            compared = self._compared(work, row, *asked)
            lines = list(map(view_line, found.rows))
        return self.site.show(
            visit,
            "versions.html",
            noun=self.kind.noun,
            called=row.name,
            reference=visit.request.path_params["id"],
            newest=row.version,
            lines=lines,
            writes=WRITES,
            compared=compared,
            following=with_query(query.params, **{CURSOR: found.next_cursor}) if found.next_cursor else "",
        )

    def _compared(self, work: UnitOfWork, row: Row, before: int | None, after: int | None) -> Compared | None:
        """Return the diff that is asked for; by default what the newest version changed. None for a first version."""
        after = after or row.version
        before = before or after - 1
        if before < 1:
            return None
        return Compared(before, after, diff_lines(difference_between(work, self.kind, row, before, after)))


def _version(query: Query, name: str) -> int | None:
    value = query.text(name)
    if value is None:
        return None
    found = VERSION.fullmatch(value)
    if found is None:
        raise InvalidInput(f"{name} must be the number of a version, such as 3.", field=name)
    return int(found[1])
