"""Finds incidents by words of their titles, the newest first.

A frequent word is in the titles of the newest incidents, so those are read first. Only words that are not there often
enough are looked up in the index of all titles, where they are rare. Either way, a bounded number of rows is read.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from core.decisions.people import Person
from core.decisions.policy import visible_teams
from core.decisions.policy_table import Action
from core.tables import Incident, Team
from core.tables.incidents import TITLE_WORDS
from core.unit_of_work import UnitOfWork

NEWEST = 1_000  # incidents whose titles are read without the index
CANDIDATES = 1_000  # incidents that the index gives
SIMPLE: ColumnElement[str] = literal_column("'simple'::regconfig")


def incidents_titled(work: UnitOfWork, person: Person, words: Sequence[str], most: int) -> list[Incident]:
    """Return incidents that the person may see in whose titles there are words that begin with each of `words`."""
    visible, titled = _visible(work, person), _titled(words)
    newest = visible.order_by(Incident.created_at.desc(), Incident.id.desc()).limit(NEWEST).subquery()
    found = _newest_of(work, select(newest.c.id).where(_titled(words, newest.c.title)), most)
    if len(found) == most:
        return found
    return _newest_of(work, visible.with_only_columns(Incident.id).where(titled).limit(CANDIDATES), most)


def _visible(work: UnitOfWork, person: Person) -> Select[str, str]:
    """Select the ids and titles of what the person may see. Team ids are literal, as in listing.py."""
    query = select(Incident.id, Incident.title)
    names = visible_teams(person, Action.INCIDENT_READ)
    if names is None:
        return query
    teams = list(work.session.scalars(select(Team.id).where(Team.name.in_(sorted(names)))))
    return query.where(Incident.team_id.in_(teams))


def _titled(words: Sequence[str], title: ColumnElement[str] | None = None) -> ColumnElement[bool]:
    """Return the condition that the title has the words. `title`: a column other than that of the index."""
    vector = literal_column(TITLE_WORDS) if title is None else func.to_tsvector(SIMPLE, title)
    return vector.op("@@")(func.to_tsquery(SIMPLE, _query(words)))


def _query(words: Sequence[str]) -> str:
    """Return the words as a query, each as a prefix: https://www.postgresql.org/docs/current/datatype-textsearch.html."""
    quoted = [word.replace("\\", "\\\\").replace("'", "''") for word in words]
    return " & ".join(f"'{word}':*" for word in quoted)


def _newest_of(work: UnitOfWork, ids: Select[str], most: int) -> list[Incident]:
    found = (
        select(Incident).where(Incident.id.in_(ids)).order_by(Incident.created_at.desc(), Incident.id.desc())
    )
    return list(work.session.scalars(found.limit(most)))
