"""Checks whether a freeze is in force, and notifies the affected incidents when one begins or is lifted.

Everything that starts a run holds the advisory lock for freezes in shared mode; a freeze takes it exclusively. So a run
either exists when its team is frozen, and is marked, or it starts afterwards and sees the freeze.
"""

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select

from core.advisory_locks import lock_out_freezes
from core.decisions.freeze import FreezeInForce, begun_words, check_not_frozen, freeze_of, lifted_words
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import UNRESOLVED
from core.tables import Freeze, Incident
from core.unit_of_work import UnitOfWork


def freezes_in_force(work: UnitOfWork) -> list[Freeze]:
    """Return the freezes in force, oldest first."""
    query = select(Freeze).where(Freeze.lifted_at.is_(None)).order_by(Freeze.created_at, Freeze.id)
    return list(work.session.scalars(query))


def freeze_over(freezes: Iterable[Freeze], incident: Incident) -> Freeze | None:
    """Return the one of these freezes that applies to this incident's team, or None."""
    rows = {as_value(freeze): freeze for freeze in freezes}
    found = freeze_of(rows, incident.team.name)
    return rows[found] if found else None


def as_value(freeze: Freeze) -> FreezeInForce:
    """Return the freeze as the value that decisions work on."""
    return FreezeInForce(
        freeze.team.name if freeze.team else None, freeze.reason.rstrip("."), freeze.frozen_by
    )


def check_may_begin(work: UnitOfWork, incident: Incident) -> None:
    """Raise Conflict if a freeze applies to this incident. The caller has locked out freezes."""
    check_not_frozen(map(as_value, freezes_in_force(work)), incident.team.name)


def begins_frozen(work: UnitOfWork, incident: Incident) -> bool:
    """True if a workflow that an event starts for this incident must wait for a freeze before its first action."""
    lock_out_freezes(work.session)
    return freeze_of(map(as_value, freezes_in_force(work)), incident.team.name) is not None


BEGUN, LIFTED = "begun", "lifted"


def notify_begun(work: UnitOfWork, freeze: Freeze) -> None:
    """Enqueue a message to each unresolved incident in the freeze's scope."""
    words = begun_words(as_value(freeze))
    _notify(work, freeze, BEGUN, {incident.id: words for incident in _affected(work, freeze)})


def notify_lifted(work: UnitOfWork, freeze: Freeze, by: str) -> None:
    """Enqueue a message that the freeze was lifted; it names the freeze that still applies to the incident, if any."""
    left = [as_value(each) for each in freezes_in_force(work)]
    words = {
        incident.id: lifted_words(as_value(freeze), by, freeze_of(left, incident.team.name))
        for incident in _affected(work, freeze)
    }
    _notify(work, freeze, LIFTED, words)


def _affected(work: UnitOfWork, freeze: Freeze) -> Iterator[Incident]:
    query = select(Incident).where(Incident.status.in_(UNRESOLVED))
    if freeze.team_id is not None:
        query = query.where(Incident.team_id == freeze.team_id)
    return iter(work.session.scalars(query.order_by(Incident.number)))


def _notify(work: UnitOfWork, freeze: Freeze, what: str, words: Mapping[str, str]) -> None:
    """Enqueue the messages, given by incident id. Always two statements, since no run can start in the meantime."""
    notices.mark_all_dirty(work, list(words), NoticeKind.INCIDENT)
    news = [
        NewNotice(
            NoticeKind.MESSAGE, freeze.id, incident_id, key=f"{what}.{incident_id}", content={"text": text}
        )
        for incident_id, text in words.items()
    ]
    notices.enqueue_notice(work, *news)
