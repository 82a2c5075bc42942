"""The figures of one team by week: how its runs ended, how long approvals took. They are read from the tallies.

What has ended within the last moments may not be counted yet (core.services.analytics.tallies).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import text

from core.decisions.people import Person
from core.decisions.policy import visible_teams
from core.decisions.policy_table import Action
from core.services.access.people import find_team, team_names
from core.services.analytics.tallies import percentile
from core.unit_of_work import UnitOfWork
from core.views.records import WeekView

WEEKS = 8
WEEK = timedelta(days=7)

# The counts of a team's runs of runbooks by week and key. As SQL: the database adds the days of all runbooks up.
COUNTS = text(r"""
SELECT date_trunc('week', day)::date AS week, key, sum(value::bigint) AS n
FROM tallies, jsonb_each_text(counts)
WHERE team_id = :team AND day >= :since AND owner_id LIKE 'rbk\_%'
GROUP BY week, key
""")


def teams_with_figures(work: UnitOfWork, person: Person) -> list[str]:
    """Return the teams whose figures the person may read, their own first."""
    visible = visible_teams(person, Action.RUN_READ)
    names = team_names(work) if visible is None else sorted(visible)
    return sorted(names, key=lambda name: (name not in person.roles, name))


def weeks_of(work: UnitOfWork, team: str) -> list[WeekView]:
    """Return the last WEEKS weeks of a team that the caller may see, the oldest first, also those without runs."""
    first = _monday(work.now) - (WEEKS - 1) * WEEK
    rows = work.session.execute(COUNTS, {"team": find_team(work, team).id, "since": first})
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for week, key, n in rows:
        found[week][key] = int(n)
    return [_week(monday, found.get(monday, {})) for monday in _mondays(first)]


def _monday(now: datetime) -> date:
    return now.date() - timedelta(days=now.weekday())


def _mondays(first: date) -> Iterator[date]:
    for number in range(WEEKS):
        yield first + number * WEEK


def _week(monday: date, counts: Mapping[str, int]) -> WeekView:
    ended = _of(counts, "ended")
    succeeded = ended.get("succeeded", 0)
    approvals = {int(bucket): n for bucket, n in _of(counts, "approval").items()}
    return WeekView(
        monday=monday,
        succeeded=succeeded,
        failed=ended.get("failed", 0) + ended.get("timed_out", 0),
        cancelled=ended.get("cancelled", 0),
        approval_seconds=percentile(approvals, 0.5),
    )


def _of(counts: Mapping[str, int], what: str) -> dict[str, int]:
    """Return the counts whose key starts with `what`, by the rest of the key."""
    return {key.split(" ", 1)[1]: n for key, n in counts.items() if key.startswith(f"{what} ")}
