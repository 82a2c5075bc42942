"""Whether a freeze is in force: asked by everything that begins a run.

Who begins holds the lock of freezes shared, who freezes holds it alone: so a run is either there to be marked when its
team is frozen, or it begins afterwards and is told.
"""

from collections.abc import Iterable

from sqlalchemy import select

from core.advisory_locks import keep_freezes_away
from core.decisions.freeze import FreezeInForce, check_not_frozen, freeze_of
from core.service import Work
from core.tables import Freeze, Incident


def freezes_in_force(work: Work) -> list[Freeze]:
    """Oldest first."""
    query = select(Freeze).where(Freeze.lifted_at.is_(None)).order_by(Freeze.created_at, Freeze.id)
    return list(work.session.scalars(query))


def freeze_over(freezes: Iterable[Freeze], incident: Incident) -> Freeze | None:
    """Of the freezes, the one that holds what is of this incident's team."""
    rows = {as_value(freeze): freeze for freeze in freezes}
    found = freeze_of(rows, incident.team.name)
    return rows[found] if found else None


def as_value(freeze: Freeze) -> FreezeInForce:
    return FreezeInForce(
        freeze.team.name if freeze.team else None, freeze.reason.rstrip("."), freeze.frozen_by
    )


def check_may_begin(work: Work, incident: Incident) -> None:
    """Raise Conflict where a run for this incident must not begin now. No freeze begins before we have ended."""
    keep_freezes_away(work.session)
    check_not_frozen(map(as_value, freezes_in_force(work)), incident.team.name)


def begins_frozen(work: Work, incident: Incident) -> bool:
    """Whether what an event starts for this incident must wait from the beginning."""
    keep_freezes_away(work.session)
    return freeze_of(map(as_value, freezes_in_force(work)), incident.team.name) is not None
