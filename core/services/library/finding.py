"""Finds definitions by id or name, and checks who may see, write, approve and deprecate them."""

from difflib import get_close_matches

from sqlalchemy import or_, select

from core.decisions.people import Person
from core.decisions.policy import require, require_somewhere
from core.decisions.policy_table import Action
from core.errors import InvalidInput, NotFound
from core.services.access.people import find_team
from core.services.library.kinds import DefinitionKind, Row
from core.tables import Team
from core.unit_of_work import UnitOfWork


def check_may_write(person: Person, team: str | None, action: Action = Action.DEFINITION_WRITE) -> None:
    """Raise NotAllowed if this person may not write definitions of that team (None: global ones)."""
    sentence = (
        "Only a platform admin may write global definitions."
        if team is None
        else f"Only an admin of team {team} may write its definitions."
    )
    require(person, action, team, sentence)


def check_may_approve(person: Person, team: str | None) -> None:
    """Raise NotAllowed if this person may not approve definitions of that team (None: global ones)."""
    require(person, Action.DEFINITION_APPROVE, team, "Only a platform admin may approve definitions.")


def check_may_deprecate(person: Person, team: str | None) -> None:
    """Raise NotAllowed if this person may not deprecate definitions of that team (None: global ones)."""
    sentence = (
        "Only a platform admin may deprecate global definitions."
        if team is None
        else f"Only a platform admin or an admin of team {team} may deprecate its definitions."
    )
    require(person, Action.DEFINITION_DEPRECATE, team, sentence)


def check_may_write_something(person: Person) -> None:
    """Raise NotAllowed if this person may not write any definition at all."""
    sentence = "Only a platform admin or an admin of a team may write definitions."
    require_somewhere(person, Action.DEFINITION_WRITE, sentence)


def owning_team(work: UnitOfWork, team: str | None) -> Team | None:
    """Return the team's row, or None if `team` is None (global). Raises InvalidInput for an unknown team."""
    try:
        return find_team(work, team) if team is not None else None
    except NotFound as error:
        raise InvalidInput(error.message, field="team") from error


def find(
    work: UnitOfWork, person: Person, kind: DefinitionKind[Row], reference: str, *, even_deleted: bool = False
) -> Row:
    """Find a definition by id or name. Raises NotFound with similar names, also if the person may not see it.

    `even_deleted`: also find a deleted definition by its id; by name it is not found, since another may have the name.
    """
    table = kind.row
    by_name = (table.name == reference) & table.deleted_at.is_(None)
    row = work.session.scalar(select(table).where(or_(table.id == reference, by_name)))
    if row is not None and person.may_see(owner_of(row)) and (even_deleted or row.deleted_at is None):
        return row
    raise NotFound(f"There is no {kind.noun} {reference}.", hint=_hint(work, person, kind, reference))


def owner_of(row: Row) -> str | None:
    """Return the name of the team that owns the definition, or None if it is global."""
    return row.team.name if row.team else None


def _hint(work: UnitOfWork, person: Person, kind: DefinitionKind[Row], reference: str) -> str:
    near = get_close_matches(reference, visible_names(work, person, kind), n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else f"`{kind.listing}` lists them all."


def visible_names(work: UnitOfWork, person: Person, kind: DefinitionKind[Row]) -> list[str]:
    """Return the names of the definitions that the person may see, sorted."""
    table = kind.row
    query = select(table.name, Team.name).outerjoin(Team, table.team_id == Team.id)
    found = work.session.execute(query.where(table.deleted_at.is_(None)).order_by(table.name))
    return [name for name, team in found if person.may_see(team)]
