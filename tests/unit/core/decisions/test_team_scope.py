"""Team scope: a team's runbook runs for that team's incidents, by that team's responders."""

import pytest

from core.decisions.people import Person
from core.decisions.team_scope import check_may_respond, check_may_run, check_runbook_scope
from core.errors import NotAllowed
from core.statuses import Role

RESPONDER = Person("U1", {"database": Role.RESPONDER})
OTHER = Person("U2", {"web": Role.ADMIN})
BOTH = Person("U3", {"database": Role.RESPONDER, "web": Role.RESPONDER})
PLATFORM = Person("U4", is_platform_admin=True)


@pytest.mark.parametrize("runbook_team", ["database", None])
def test_a_runbook_of_the_team_and_a_global_one_run_for_the_teams_incident(runbook_team: str | None) -> None:
    check_runbook_scope("restart", runbook_team, "database")


@pytest.mark.parametrize("person", [BOTH, PLATFORM])
def test_a_runbook_of_another_team_runs_for_nobody(person: Person) -> None:
    with pytest.raises(
        NotAllowed, match="restart belongs to team web, but this incident belongs to team database"
    ):
        check_may_run(person, "restart", "web", "database")


@pytest.mark.parametrize("runbook_team", ["database", None])
@pytest.mark.parametrize("person", [RESPONDER, BOTH, PLATFORM])
def test_the_responders_of_the_incidents_team_may_run_it(person: Person, runbook_team: str | None) -> None:
    check_may_run(person, "restart", runbook_team, "database")


@pytest.mark.parametrize("runbook_team", ["database", None])
def test_a_global_runbook_too_needs_a_responder_of_the_incidents_team(runbook_team: str | None) -> None:
    with pytest.raises(NotAllowed, match="Only responders of team database may run restart here") as refused:
        check_may_run(OTHER, "restart", runbook_team, "database")
    assert refused.value.hint


def test_who_may_not_respond_is_told_what_they_wanted() -> None:
    with pytest.raises(NotAllowed, match="Only responders of team database may close inc-1 here"):
        check_may_respond(OTHER, "database", "close inc-1")
