"""Who may write, approve and deprecate definitions: a team's admins write theirs, platform admins approve."""

from core.decisions.people import Person
from core.decisions.policy import require, require_somewhere
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


def check_may_approve(person: Person, team: str | None) -> None:
    """Raise NotAllowed if this person may not approve definitions of that team (None: global ones)."""
    require(person, Action.DEFINITION_APPROVE, team, "Only a platform admin approves definitions.")


def check_may_deprecate(person: Person, team: str | None) -> None:
    """Raise NotAllowed if this person may not deprecate definitions of that team (None: global ones)."""
    sentence = (
        "Only a platform admin deprecates what is global."
        if team is None
        else f"Only a platform admin or an admin of team {team} deprecates what it owns."
    )
    require(person, Action.DEFINITION_DEPRECATE, team, sentence)


def check_may_write_something(person: Person) -> None:
    """Raise NotAllowed if this person may write no definition at all, whatever it says."""
    sentence = "Only a platform admin or an admin of a team may write definitions."
    require_somewhere(person, Action.DEFINITION_WRITE, sentence)


def owning_team(work: Work, team: str | None) -> Team | None:
    """The team's row; None for what is global. Raises InvalidInput for an unknown team."""
    try:
        return find_team(work, team) if team is not None else None
    except NotFound as error:
        raise InvalidInput(error.message, field="team") from error
