"""How many transactions a database committed, by its own count."""

from collections.abc import Callable

from sqlalchemy.engine import make_url

from bench.processes import await_that
from cli.embedded.databases import connect

COMMITTED = "SELECT xact_commit FROM pg_stat_database WHERE datname = %s"
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"


def committed(database_url: str) -> int:
    """The count, once nobody is connected: a server process reports when it ends, before that now and then.

    https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS
    """
    name = make_url(database_url).database
    with connect(database_url, database="postgres") as connection:

        def is_quiet() -> bool:
            row = connection.execute(CONNECTED, [name]).fetchone()
            return row == (0,)

        await_that(f"nobody is connected to {name}", is_quiet)
        row = connection.execute(COMMITTED, [name]).fetchone()
    assert row is not None
    return int(row[0])


def committed_per_act(database_url: str, act: Callable[[], None], close: Callable[[], None]) -> float:
    """How many commits one act costs, without what connecting costs: three acts on one connection, less one act.

    `close` gives up this process's connections to the database.
    """
    counts = []
    for times in (1, 3):
        close()
        before = committed(database_url)
        for _ in range(times):
            act()
        close()
        counts.append(committed(database_url) - before)
    return (counts[1] - counts[0]) / 2
