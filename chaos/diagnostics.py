"""Find out what is stuck: measure how long due executions wait, and print the state of unfinished work.

Time counts only while the servers and a worker are up.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from chaos.environment import Environment
from chaos.forkserver import TELL_STACKS
from chaos.journal import Journal
from chaos.watching import Connection, Watch

LOOK_SECONDS = 1.0
DUE = """
SELECT id, revision FROM runbook_executions WHERE wake_at < now()
UNION ALL
SELECT id, revision FROM workflow_executions WHERE wake_at < now()
"""

Due = dict[str, int]  # revision by id


@dataclass
class Wait:
    """How many counted seconds an execution has waited, and at which revision."""

    revision: int
    seconds: float = 0.0


class Waits:
    """Adds up how long executions are due: one that stays due at the same revision is one that no worker continues."""

    def __init__(self) -> None:
        self._waits: dict[str, Wait] = {}

    def look(self, due: Due, seconds: float) -> dict[str, float]:
        """Record what is due now, `seconds` after the last call. Returns the seconds that each has waited."""
        self._waits = {id_: self._wait(id_, revision, seconds) for id_, revision in due.items()}
        return {id_: wait.seconds for id_, wait in self._waits.items()}

    def _wait(self, id_: str, revision: int, seconds: float) -> Wait:
        former = self._waits.get(id_)
        if former is None or former.revision != revision:
            return Wait(revision)
        return Wait(revision, former.seconds + seconds)


class StuckWatch(Watch):
    """Writes the longest wait of each execution into the journal.

    `is_up` returns whether everything that an execution needs is up; other time does not count.
    """

    def __init__(self, conninfo: str, journal: Journal, is_up: Callable[[], bool]) -> None:
        super().__init__(conninfo, LOOK_SECONDS)
        self._journal, self._is_up = journal, is_up
        self._waits = Waits()
        self._looked, self._was_up = 0.0, False

    def look(self, connection: Connection) -> None:
        due = dict(connection.execute(DUE).fetchall())
        now, is_up = time.monotonic(), self._is_up()
        seconds = now - self._looked if self._was_up and is_up else 0.0
        self._looked, self._was_up = now, is_up
        for id_, waited in self._waits.look(due, seconds).items():
            self._journal.waited(id_, waited)


BEHIND = ("worker", "poster", "clock")  # the kinds of processes that finish what is left to do
TAIL = 5000  # characters of each log
TELL_SECONDS = 0.5  # time for every process to write its stacks
LEFT: dict[str, LiteralString] = {
    "execution": """
        SELECT id, status, waiting_for, worker, fence, revision, frozen, cancel_requested, outcome,
               parent_execution_id, parent_step, created_at, started_at,
               wake_at, rung_at, now() AS now
        FROM runbook_executions
        WHERE status IN ('pending', 'running')
            OR status = 'waiting' AND waiting_for NOT IN ('approval', 'input', 'verdict')
    """,
    "workflow execution": """
        SELECT id, status, waiting_for, worker, fence, revision, created_at, wake_at, rung_at, now() AS now
        FROM workflow_executions WHERE status IN ('pending', 'running', 'waiting')
    """,
    "step": """
        SELECT execution_id, step_id, step.status, attempt, step.started_at, step.finished_at, step.error
        FROM step_executions AS step JOIN runbook_executions AS execution ON execution.id = execution_id
        WHERE execution.status IN ('pending', 'running') ORDER BY execution_id, position
    """,
    "message": """
        SELECT id, kind, subject_id, wanted, delivered, uncertain, due_at, leased_until, attempts, error
        FROM notices WHERE wanted > delivered AND abandoned_at IS NULL
    """,
    "pace": "SELECT scope, free_at, now() AS now FROM slack_pace WHERE free_at > now()",
    "session": """
        SELECT pid, state, wait_event, now() - xact_start AS in_transaction, left(query, 200) AS query
        FROM pg_stat_activity WHERE application_name = 'runbook' AND state <> 'idle'
    """,
}


def diagnose(environment: Environment) -> Iterator[str]:
    """Yield lines about unfinished work: its rows, and the logs and stacks of running processes."""
    with psycopg.connect(environment.conninfo, autocommit=True, row_factory=dict_row) as connection:
        for title, query in LEFT.items():
            yield from (f"{title}: {_line(row)}" for row in connection.execute(query))
    names = [name for kind in BEHIND for name in environment.process_group.names(kind)]
    for name in names:
        with suppress(ProcessLookupError):
            environment.process_group.signal(name, TELL_STACKS)
    time.sleep(TELL_SECONDS)
    for name in names:
        pid, age = environment.process_group.pid(name), environment.process_group.age(name)
        yield f"{name}: process {pid}, {age:.0f} s old, logged:"
        yield from (f"    {line}" for line in _tail(environment.folder / f"{name}.log"))


def _line(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)


def _tail(log: Path) -> list[str]:
    with suppress(OSError):
        return log.read_bytes()[-TAIL:].decode(errors="replace").splitlines()
    return []
