"""Whether a freeze is in force, and telling the incidents of it.

Whether a freeze is in force: asked by everything that begins a run.

Who begins holds the lock of freezes shared, who freezes holds it alone: so a run is either there to be marked when its
team is frozen, or it begins afterwards and is told.

A freeze, and its end, are told in the channel of each incident whose responders they concern, and on its card.
"""

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select

from core.advisory_locks import keep_freezes_away
from core.decisions.freeze import FreezeInForce, begun_words, check_not_frozen, freeze_of, lifted_words
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import UNRESOLVED
from core.tables import Freeze, Incident
from core.unit_of_work import UnitOfWork


def freezes_in_force(work: UnitOfWork) -> list[Freeze]:
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


def check_may_begin(work: UnitOfWork, incident: Incident) -> None:
    """Raise Conflict where a run for this incident must not begin now. No freeze begins before we have ended."""
    keep_freezes_away(work.session)
    check_not_frozen(map(as_value, freezes_in_force(work)), incident.team.name)


def begins_frozen(work: UnitOfWork, incident: Incident) -> bool:
    """Whether what an event starts for this incident must wait from the beginning."""
    keep_freezes_away(work.session)
    return freeze_of(map(as_value, freezes_in_force(work)), incident.team.name) is not None


BEGUN, LIFTED = "begun", "lifted"


def tell_begun(work: UnitOfWork, freeze: Freeze) -> None:
    """Owe the message to each incident that is not resolved."""
    words = begun_words(as_value(freeze))
    _tell(work, freeze, BEGUN, {incident.id: words for incident in _concerned(work, freeze)})


def tell_lifted(work: UnitOfWork, freeze: Freeze, by: str) -> None:
    """The same of its end, and where another freeze is over that incident's team, of that one."""
    left = [as_value(each) for each in freezes_in_force(work)]
    words = {
        incident.id: lifted_words(as_value(freeze), by, freeze_of(left, incident.team.name))
        for incident in _concerned(work, freeze)
    }
    _tell(work, freeze, LIFTED, words)


def _concerned(work: UnitOfWork, freeze: Freeze) -> Iterator[Incident]:
    query = select(Incident).where(Incident.status.in_(UNRESOLVED))
    if freeze.team_id is not None:
        query = query.where(Incident.team_id == freeze.team_id)
    return iter(work.session.scalars(query.order_by(Incident.number)))


def _tell(work: UnitOfWork, freeze: Freeze, what: str, words: Mapping[str, str]) -> None:
    """By incident id. Two statements however many there are: nothing begins a run meanwhile."""
    notices.want_all_again(work, list(words), NoticeKind.INCIDENT)
    news = [
        NewNotice(
            NoticeKind.MESSAGE, freeze.id, incident_id, key=f"{what}.{incident_id}", content={"text": text}
        )
        for incident_id, text in words.items()
    ]
    notices.enqueue_notice(work, *news)
