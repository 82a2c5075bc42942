"""Forty steps as a hand-written job would do them: a table of steps, psycopg, autocommit.

It renders nothing, masks nothing, fences nothing off and tells nobody. With `commits=80` it commits before and after
each step; with 41 a step's end is committed with the next one's start, as ours does.
"""

from collections.abc import Callable

import psycopg

STEPS = 40
CREATE = """
CREATE TABLE IF NOT EXISTS floor_steps (
    run text, position integer, status text NOT NULL DEFAULT 'pending', request jsonb, output jsonb,
    started_at timestamptz, finished_at timestamptz, PRIMARY KEY (run, position));
CREATE TABLE IF NOT EXISTS floor_runs (id text PRIMARY KEY, status text NOT NULL DEFAULT 'pending')
"""
BEGIN = "INSERT INTO floor_runs (id) VALUES (%s)"
ADD = "INSERT INTO floor_steps (run, position) SELECT %s, generate_series(0, 39)"
START = """
UPDATE floor_steps SET status = 'running', started_at = now(), request = '{"method": "GET"}'
WHERE run = %s AND position = %s
"""
END = """
UPDATE floor_steps SET status = 'succeeded', finished_at = now(), output = '{"status": 200}'
WHERE run = %s AND position = %s
"""
NEXT = """
UPDATE floor_steps SET
    status = CASE WHEN position = %(done)s THEN 'succeeded' ELSE 'running' END,
    finished_at = CASE WHEN position = %(done)s THEN now() END,
    output = CASE WHEN position = %(done)s THEN '{"status": 200}'::jsonb END,
    started_at = CASE WHEN position = %(done)s THEN started_at ELSE now() END
WHERE run = %(run)s AND position IN (%(done)s, %(done)s + 1)
"""
FINISH = "UPDATE floor_runs SET status = 'succeeded' WHERE id = %s"


def prepare(connection: "psycopg.Connection[tuple[object, ...]]", run: str) -> None:
    """Create the tables, and a run that nothing was done for yet. The connection must autocommit."""
    connection.execute(CREATE)
    connection.execute(BEGIN, [run])
    connection.execute(ADD, [run])


def run_forty_steps(
    connection: "psycopg.Connection[tuple[object, ...]]", run: str, commits: int, call: Callable[[], object]
) -> None:
    """Do the steps; each is one `call`."""
    for position in range(STEPS):
        if commits > STEPS + 1:
            connection.execute(START, [run, position])
            call()
            connection.execute(END, [run, position])
        else:
            call()
            connection.execute(NEXT, {"run": run, "done": position})
    connection.execute(FINISH, [run])
