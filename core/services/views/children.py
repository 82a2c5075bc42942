"""How the child runs of runs stand, for their views."""

from collections.abc import Sequence

from sqlalchemy import text

from core.unit_of_work import UnitOfWork
from core.views.executions import ChildCountsView

# Counts the children of several runs by step and attempt, with the names of the first few that did not succeed.
STANDINGS = text("""
SELECT parent_execution_id, parent_step, count(*) AS total,
    count(*) FILTER (WHERE status = 'pending' AND wake_at IS NULL) AS unstarted,
    count(*) FILTER (WHERE status IN ('running', 'waiting') OR (status = 'pending' AND wake_at IS NOT NULL)) AS active,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE status IN ('failed', 'cancelled', 'timed_out')) AS failed,
    (array_agg(child_name ORDER BY child_index) FILTER (
        WHERE status IN ('failed', 'cancelled', 'timed_out') AND started_at IS NOT NULL))[1:5] AS failed_names
FROM runbook_executions
WHERE parent_execution_id = ANY(:parents)
GROUP BY parent_execution_id, parent_step, child_round
ORDER BY child_round
""")


def standings(work: UnitOfWork, parents: Sequence[str]) -> dict[tuple[str, str], ChildCountsView]:
    """Return how the children of these runs stand, by run and step; of several attempts, those of the last."""
    rows = work.session.execute(STANDINGS, {"parents": list(parents)}).mappings()
    return {
        (row["parent_execution_id"], row["parent_step"]): ChildCountsView(
            **{name: row[name] for name in ChildCountsView.model_fields if name != "failed_names"},
            failed_names=row["failed_names"] or [],
        )
        for row in rows
    }
