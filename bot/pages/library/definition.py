"""What the pages of runbooks and workflows share: finding the definition, its draft, and what its reader may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.pages.access.readers import Visit
from bot.pages.library.outline import DiffLine, diff_lines
from bot.rest.references import OTHER
from core.decisions.policy import allows
from core.decisions.policy_table import Action
from core.errors import NotFound, RunbookError
from core.services.library.approval import check_approvable
from core.services.library.finding import find, owner_of
from core.services.library.history import diff_to_read
from core.services.library.kinds import DefinitionKind, Row
from core.statuses import ApprovalStatus
from core.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Draft:
    """The newest version, if it waits for approval: what it changes, and why its reader may not approve it.

    `digest`: of what is shown; the form carries it, so that nothing else is approved. `refusal`: empty if they may.
    """

    version: int
    digest: str
    lines: Sequence[DiffLine]
    refusal: str


def find_definition(work: UnitOfWork, visit: Visit, kind: DefinitionKind[Row]) -> Row:
    """Return the definition of the address, also a deleted one by its id. Raises NotFound as REST does."""
    reference = visit.request.path_params["id"]
    if not OTHER.fullmatch(reference):
        raise NotFound(f"There is no {kind.noun} {reference}.")
    return find(work, visit.person, kind, reference, even_deleted=True)


def may_write(visit: Visit, row: Row) -> bool:
    return row.deleted_at is None and allows(visit.person, Action.DEFINITION_WRITE, owner_of(row))


def draft_of(work: UnitOfWork, visit: Visit, kind: DefinitionKind[Row], row: Row) -> Draft | None:
    """Return the draft with its changes from the approved version; None if there is none."""
    if row.status != ApprovalStatus.DRAFT or row.deleted_at is not None:
        return None
    diff = diff_to_read(work, kind, row)
    return Draft(row.version, kind.digest_of(row), diff_lines(diff), _why_not(visit, row))


def _why_not(visit: Visit, row: Row) -> str:
    own = visit.request.app.state.settings.single_admin
    try:
        check_approvable(visit.person, row, own_version_allowed=own)
    except RunbookError as error:
        return str(error)
    return ""
