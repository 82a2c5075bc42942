"""Read how long executions took, from the database's own timestamps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.place import Place
from bench.processes import await_that
from cli.embedded.roles import connect
from core.errors import Conflict

QUERY = """
SELECT execution.id, execution.status, execution.created_at, execution.started_at, execution.finished_at,
       step.started_at
FROM runbook_executions AS execution
JOIN step_executions AS step ON step.execution_id = execution.id AND step.position = 0
WHERE execution.id = ANY(%s) AND execution.finished_at IS NOT NULL
"""


@dataclass(frozen=True)
class Ended:
    """An execution that has ended."""

    id: str
    status: str
    created_at: datetime
    started_at: datetime
    finished_at: datetime
    first_step_at: datetime

    @property
    def seconds(self) -> float:
        """Seconds from its start to its end."""
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def seconds_to_first_step(self) -> float:
        """Seconds from the request's transaction to the start of the first step."""
        return (self.first_step_at - self.created_at).total_seconds()


def await_success(place: Place, ids: Sequence[str], pause: float = 0.02) -> list[Ended]:
    """Wait until all have ended, and return them. Raises Conflict if one did not succeed: its time would be useless."""
    ended: list[Ended] = []
    with connect(place.database_url) as connection:

        def all_ended() -> bool:
            ended[:] = [Ended(*row) for row in connection.execute(QUERY, [list(ids)])]
            return len(ended) == len(ids)

        await_that(f"{len(ids)} executions have ended", all_ended, pause)
    for each in ended:
        if each.status != "succeeded":
            raise Conflict(f"{each.id} ended with status {each.status}, so it cannot be measured.")
    return ended
