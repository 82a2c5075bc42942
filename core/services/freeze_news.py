"""A freeze, and its end, are told in the channel of each incident whose responders they concern, and on its card."""

from collections.abc import Iterator, Mapping

from sqlalchemy import select

from core.decisions.freeze import begun_words, freeze_of, lifted_words
from core.service import Work
from core.services import notices
from core.services.frozen import as_value, freezes_in_force
from core.services.notices import NewNotice, NoticeKind
from core.statuses import UNRESOLVED
from core.tables import Freeze, Incident

BEGUN, LIFTED = "begun", "lifted"


def tell_begun(work: Work, freeze: Freeze) -> None:
    """Owe the message to each incident that is not resolved."""
    words = begun_words(as_value(freeze))
    _tell(work, freeze, BEGUN, {incident.id: words for incident in _concerned(work, freeze)})


def tell_lifted(work: Work, freeze: Freeze, by: str) -> None:
    """The same of its end, and where another freeze is over that incident's team, of that one."""
    left = [as_value(each) for each in freezes_in_force(work)]
    words = {
        incident.id: lifted_words(as_value(freeze), by, freeze_of(left, incident.team.name))
        for incident in _concerned(work, freeze)
    }
    _tell(work, freeze, LIFTED, words)


def _concerned(work: Work, freeze: Freeze) -> Iterator[Incident]:
    query = select(Incident).where(Incident.status.in_(UNRESOLVED))
    if freeze.team_id is not None:
        query = query.where(Incident.team_id == freeze.team_id)
    return iter(work.session.scalars(query.order_by(Incident.number)))


def _tell(work: Work, freeze: Freeze, what: str, words: Mapping[str, str]) -> None:
    """By incident id. Two statements however many there are: nothing begins a run meanwhile."""
    notices.want_all_again(work, list(words), NoticeKind.INCIDENT)
    news = [
        NewNotice(
            NoticeKind.MESSAGE, freeze.id, incident_id, key=f"{what}.{incident_id}", content={"text": text}
        )
        for incident_id, text in words.items()
    ]
    notices.owe(work, *news)
