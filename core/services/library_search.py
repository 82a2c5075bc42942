"""Finding definitions: by id or by name, as far as a person may see them."""

from difflib import get_close_matches

from sqlalchemy import or_, select

from core.decisions.people import Person
from core.errors import NotFound
from core.service import Work
from core.services.shelves import Row, Shelf
from core.tables import Team


def find(work: Work, person: Person, shelf: Shelf[Row], reference: str, *, even_deleted: bool = False) -> Row:
    """NotFound, with the nearest names, also for what other teams own.

    `even_deleted`: an id still finds what was deleted. A name does not: it may be another one's by now.
    """
    table = shelf.row
    by_name = (table.name == reference) & table.deleted_at.is_(None)
    row = work.session.scalar(select(table).where(or_(table.id == reference, by_name)))
    if row is not None and person.may_see(owner_of(row)) and (even_deleted or row.deleted_at is None):
        return row
    raise NotFound(f"There is no {shelf.noun} {reference}.", hint=_hint(work, person, shelf, reference))


def owner_of(row: Row) -> str | None:
    """The team that owns it; None for what is global."""
    return row.team.name if row.team else None


def _hint(work: Work, person: Person, shelf: Shelf[Row], reference: str) -> str:
    near = get_close_matches(reference, visible_names(work, person, shelf), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else f"`{shelf.listing}` shows what there is."


def visible_names(work: Work, person: Person, shelf: Shelf[Row]) -> list[str]:
    """The names that a person may see, sorted."""
    table = shelf.row
    query = select(table.name, Team.name).outerjoin(Team, table.team_id == Team.id)
    found = work.session.execute(query.where(table.deleted_at.is_(None)).order_by(table.name))
    return [name for name, team in found if person.may_see(team)]
