"""A freeze, and its end, are told in the channel of each incident whose responders they concern, and on its card."""

from collections.abc import Iterator

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
    for incident in _concerned(work, freeze):
        _tell(work, freeze, incident, BEGUN, words)


def tell_lifted(work: Work, freeze: Freeze, by: str) -> None:
    """The same of its end, and where another freeze is over that incident's team, of that one."""
    left = [as_value(each) for each in freezes_in_force(work)]
    for incident in _concerned(work, freeze):
        words = lifted_words(as_value(freeze), by, freeze_of(left, incident.team.name))
        _tell(work, freeze, incident, LIFTED, words)


def _concerned(work: Work, freeze: Freeze) -> Iterator[Incident]:
    query = select(Incident).where(Incident.status.in_(UNRESOLVED))
    if freeze.team_id is not None:
        query = query.where(Incident.team_id == freeze.team_id)
    return iter(work.session.scalars(query.order_by(Incident.number)))


def _tell(work: Work, freeze: Freeze, incident: Incident, what: str, words: str) -> None:
    key, content = f"{what}.{incident.id}", {"text": words}
    notices.want_again(work, incident.id, NoticeKind.INCIDENT)
    notices.owe(work, NewNotice(NoticeKind.MESSAGE, freeze.id, incident.id, key=key, content=content))
