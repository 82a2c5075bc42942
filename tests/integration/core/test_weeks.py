"""The figures of a team by week."""

from datetime import date, timedelta

from sqlalchemy import text

from core.decisions.people import Person
from core.services.access.people import find_team
from core.services.analytics.weeks import WEEKS, teams_with_figures, weeks_of
from core.statuses import Role
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.world import TEAMS, apply_documents

COUNT = text("""
INSERT INTO tallies (owner_id, day, team_id, counts) VALUES (:owner, :day, :team, CAST(:counts AS jsonb))
""")


def count(work: UnitOfWork, owner: str, day: date, counts: str, team: str = "database") -> None:
    team_id = find_team(work, team).id
    work.session.execute(COUNT, {"owner": owner, "day": day, "team": team_id, "counts": counts})


def test_a_week_adds_up_the_days_of_all_runbooks_of_the_team_alone(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS)
    with unit_of_work.begin() as work:
        monday = work.now.date() - timedelta(days=work.now.weekday())
        count(work, "rbk_1", monday, '{"ended succeeded": 3, "ended failed": 1, "approval 200": 2}')
        count(work, "rbk_2", monday, '{"ended succeeded": 1, "ended timed_out": 2, "ended cancelled": 4}')
        count(work, "wfl_1", monday, '{"ended succeeded": 50}')
        count(work, "rbk_1", monday - timedelta(days=1), '{"ended succeeded": 7}')
        count(work, "rbk_1", monday - timedelta(weeks=WEEKS), '{"ended succeeded": 90}')
        count(work, "rbk_1", monday, '{"ended succeeded": 60}', team="web")
        *_, last, this = weeks_of(work, "database")

    assert (this.monday, this.succeeded, this.failed, this.cancelled) == (monday, 4, 3, 4)
    assert this.ended == 11
    assert this.approval_seconds is not None
    assert 15 < this.approval_seconds < 20  # the bucket that 1.05 ** 200 ms is in
    assert (last.succeeded, last.failed, last.approval_seconds) == (7, 0, None)


def test_weeks_without_runs_are_there_and_count_nothing(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS)
    with unit_of_work.begin() as work:
        found = weeks_of(work, "database")
    assert [week.ended for week in found] == [0] * WEEKS
    assert {week.monday.weekday() for week in found} == {0}


def test_people_choose_among_the_teams_that_they_may_see_their_own_first(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    apply_documents(unit_of_work, TEAMS)
    with unit_of_work.begin() as work:
        of_web = Person("U0WEB", {"web": Role.RESPONDER})
        assert teams_with_figures(work, of_web) == ["web"]
        everywhere = Person("U0ADMIN", {"web": Role.RESPONDER}, is_platform_admin=True)
        assert teams_with_figures(work, everywhere) == ["web", "database"]
        assert teams_with_figures(work, Person("U0NOBODY")) == []
