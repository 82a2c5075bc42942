"""The team-scope checks: a runbook of team T runs only for incidents of T, and only responders of T may run it.

Global runbooks run for any incident, started by the responders of that incident's team. Workflows act as the system,
without a person; the team rule applies to them as well.
"""

from core.decisions.people import Person
from core.decisions.policy import reaches, require
from core.decisions.policy_table import Action
from core.errors import NotAllowed
from core.statuses import PrincipalKind


def check_runbook_scope(runbook: str, runbook_team: str | None, incident_team: str) -> None:
    """Raise NotAllowed if the runbook may not run for an incident of that team."""
    if not reaches(runbook_team, incident_team):
        raise NotAllowed(
            f"{runbook} belongs to team {runbook_team}, but this incident belongs to team {incident_team}.",
            hint="A team's runbook runs only for that team's incidents.",
        )


def check_may_run(person: Person, runbook: str, runbook_team: str | None, incident_team: str) -> None:
    """Raise NotAllowed if this person may not run the runbook for an incident of that team; an agent, propose it."""
    check_runbook_scope(runbook, runbook_team, incident_team)
    check_may_respond(person, incident_team, f"run {runbook}", starting(person))


def starting(person: Person) -> Action:
    """Return the action that starts a run: people and services run runbooks, and agents propose them."""
    return Action.RUNBOOK_PROPOSE if person.kind is PrincipalKind.AGENT else Action.RUNBOOK_RUN


def check_may_respond(person: Person, team: str, deed: str, action: Action = Action.INCIDENT_CHANGE) -> None:
    """Raise NotAllowed unless the person may do this as a responder of the team. `deed`: the attempted action, in
    words.
    """
    require(
        person,
        action,
        team,
        f"Only responders of team {team} may {deed} here, and you are not one.",
        hint=f"Ask one of them, or ask an admin of team {team} to add you.",
    )
