"""Who may write definitions: a team's admins theirs, platform admins the global ones."""

from core.decisions.people import Person
from core.errors import InvalidInput, NotAllowed, NotFound
from core.service import Work
from core.services.people import find_team
from core.tables import Team


def check_may_write(person: Person, team: str | None) -> None:
    """Raise NotAllowed if this person may not write definitions of that team (None: global ones)."""
    if team is None and not person.is_platform_admin:
        raise NotAllowed("Only a platform admin may write what is global.")
    if team is not None and not person.is_admin_of(team):
        raise NotAllowed(f"Only an admin of team {team} may write its definitions.")


def check_may_write_something(person: Person) -> None:
    """Raise NotAllowed if this person may write no definition at all, whatever it says."""
    if not person.is_platform_admin and not any(map(person.is_admin_of, person.roles)):
        raise NotAllowed("Only a platform admin or an admin of a team may write definitions.")


def owning_team(work: Work, team: str | None) -> Team | None:
    """The team's row; None for what is global. Raises InvalidInput for an unknown team."""
    try:
        return find_team(work, team) if team is not None else None
    except NotFound as error:
        raise InvalidInput(error.message, field="team") from error
