"""Approving a version on its page: the same call as that of the button in Slack, for the version that was shown."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.library.definition import find_definition
from bot.pages.posted_forms import VERSION, note_of, once, status_of
from bot.pages.site import Site, see_other
from core.errors import InvalidInput, NotFound, RunbookError
from core.services.library.approval import approve
from core.services.library.kinds import DefinitionKind, Row
from core.services.library.writing import Intent
from core.unit_of_work import UnitOfWork

DIGEST = re.compile(r"[0-9a-f]{64}")
UNCLEAR = "The form does not say which version is meant. Open the page again."

Again = Callable[
    [Visit, int, str], Response
]  # shows the page again, with a status and why something was refused


@dataclass(frozen=True)
class ApproveForm(Generic[Row]):
    site: Site
    kind: DefinitionKind[Row]
    again: Again

    def send(self, visit: Visit) -> Response:
        try:
            return see_other(self.site.unit_of_work.run(lambda work: once(work, visit, self._approve)))
        except NotFound:
            raise
        except RunbookError as error:
            return self.again(visit, status_of(error), str(error))

    def _approve(self, work: UnitOfWork, visit: Visit) -> str:
        row = find_definition(work, visit, self.kind)
        own = visit.request.app.state.settings.single_admin
        approve(work, visit.person, self.kind, row, intent_of(visit), own_version_allowed=own)
        return f"/{self.kind.noun}s/{row.id}?said=approved"


def intent_of(visit: Visit) -> Intent:
    """Return the version that the form shows, with the note. Raises InvalidInput."""
    version, digest = visit.fields.get("version", ""), visit.fields.get("digest", "")
    if not VERSION.fullmatch(version) or not DIGEST.fullmatch(digest):
        raise InvalidInput(UNCLEAR, field="version")
    return Intent(note_of(visit), int(version), digest)
