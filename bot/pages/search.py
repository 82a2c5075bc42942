"""`/search`: from the field in the head of each page to the page of what is named in it."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.query import Query
from bot.pages.site import Site, see_other
from core.identifiers import Prefix

RUN = re.compile(rf"{Prefix.RUNBOOK_EXECUTION}_[0-9a-z]{{1,32}}")
INCIDENT = re.compile(rf"(?:inc-|#)?[0-9]{{1,9}}|{Prefix.INCIDENT}_[0-9a-z]{{1,32}}", re.IGNORECASE)


@dataclass(frozen=True)
class Search:
    site: Site

    def show(self, visit: Visit) -> Response:
        """Lead on to the page. Whether there is such a thing, that page says."""
        return see_other(place_of(Query(visit.request.query_params).text("q") or ""))


def place_of(named: str) -> str:
    """Return the path for a run's id, an incident's number or id, or else the name of a runbook."""
    if RUN.fullmatch(named):
        return f"/runs/{named}"
    if INCIDENT.fullmatch(named):
        return f"/incidents/{quote(named.removeprefix('#'))}"
    return "/runs?" + urlencode({"runbook": named}) if named else "/"
