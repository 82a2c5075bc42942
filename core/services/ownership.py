"""Who may write definitions: a team's admins theirs, platform admins the global ones."""

from core.decisions.people import Person
from core.decisions.policy import require
from core.decisions.policy_table import Action
from core.errors import InvalidInput, NotFound
from core.service import Work
from core.services.people import find_team
from core.tables import Team


def check_may_write(person: Person, team: str | None, action: Action = Action.DEFINITION_WRITE) -> None:
    """Raise NotAllowed if this person may not write definitions of that team (None: global ones)."""
    sentence = (
        "Only a platform admin may write what is global."
        if team is None
        else f"Only an admin of team {team} may write its definitions."
    )
    require(person, action, team, sentence)


def owning_team(work: Work, team: str | None) -> Team | None:
    """The team's row; None for what is global. Raises InvalidInput for an unknown team."""
    try:
        return find_team(work, team) if team is not None else None
    except NotFound as error:
        raise InvalidInput(error.message, field="team") from error
