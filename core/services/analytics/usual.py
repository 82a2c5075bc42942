"""How long runs of a runbook usually take, for the cards of those that are under way."""

from datetime import timedelta

from sqlalchemy import text

from core.services.analytics.tallies import percentile
from core.unit_of_work import UnitOfWork

LEAST_RUNS = 5  # fewer say nothing about the next one
PERIOD = timedelta(days=90)

# The durations of the runbook's runs for one team, by bucket. As SQL: the database adds the days up.
DURATIONS = text("""
SELECT substr(key, 10)::int AS bucket, sum(value::bigint)::bigint AS runs
FROM tallies, jsonb_each_text(counts)
WHERE owner_id = :runbook AND team_id = :team AND day >= :since AND key LIKE 'duration %'
GROUP BY bucket
""")


def usual_seconds(work: UnitOfWork, runbook_id: str, team_id: str) -> float | None:
    """Return the median duration of the runbook's runs for this team, or None if there are too few.

    Only the team's own runs count: how long others take is not theirs to see.
    """
    given = {"runbook": runbook_id, "team": team_id, "since": (work.now - PERIOD).date()}
    buckets = {row.bucket: row.runs for row in work.session.execute(DURATIONS, given)}
    return percentile(buckets, 0.5) if sum(buckets.values()) >= LEAST_RUNS else None
