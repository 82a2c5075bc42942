"""Decision races: on each of many gates several people decide at once, while it expires or is cancelled.

Races go through REST to both web processes; `responding` races for Slack's buttons.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, cycle
from random import Random

import httpx2
import psycopg

from chaos.definitions import APPROVERS, RACED, REQUESTERS
from chaos.environment import Environment
from chaos.journal import Request

AT_ONCE = 24  # concurrent runs with raced gates
LOOK_SECONDS = 0.03
SECONDS = 10.0
AHEAD = 0.03  # seconds before a gate's expiry at which presses may start
LOOK = """
SELECT gate.id, gate.execution_id, extract(epoch FROM gate.expires_at - clock_timestamp())::float
FROM approvals AS gate JOIN runbook_executions AS execution ON execution.id = gate.execution_id
WHERE gate.status = 'open' AND execution.runbook_name = %s
"""
RUNNING = """
SELECT count(*) FROM runbook_executions
WHERE runbook_name = %s AND status IN ('pending', 'running', 'waiting')
"""
ANNA, ABEL, AMOS = APPROVERS


@dataclass(frozen=True)
class Kind:
    """A kind of race: who does what on one gate. `at_end`: as it expires."""

    name: str
    weight: int
    presses: tuple[tuple[str, str], ...]
    at_end: bool = False


TOGETHER = ((ANNA, "approve"), (ANNA, "approve"), (ABEL, "approve"), (AMOS, "reject"))
CANCEL = (REQUESTERS[1], "cancel")
KINDS = (
    Kind("approve, reject, double click", 55, TOGETHER),
    Kind("approve, expiry", 25, ((ANNA, "approve"), (ABEL, "approve"), (AMOS, "reject")), at_end=True),
    Kind("approve, cancel", 10, ((ANNA, "approve"), (ABEL, "approve"), CANCEL)),
    Kind("approve, reject, expiry, cancel", 10, (*TOGETHER[1:], CANCEL), at_end=True),
)


@dataclass(frozen=True)
class Race:
    gate: str
    execution: str
    kind: Kind
    at: float  # of the monotonic clock


class Racing:
    """Runs races; the seed determines the kind of each."""

    def __init__(self, environment: Environment, seed: int, name: str) -> None:
        self._environment, self._name = environment, name
        self._chance = Random(f"{seed}/{name}")
        self._numbers, self._keys = count(), count()
        self._webs = cycle(environment.webs)
        self._met: set[str] = set()
        limits = httpx2.Limits(max_connections=200, max_keepalive_connections=64)
        self._client = httpx2.Client(timeout=SECONDS, limits=limits, trust_env=False)
        self.kinds: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()

    def run(self, races: int, incident: str) -> None:
        """Run this many races for the incident, and return when they are over."""
        most = max(len(kind.presses) for kind in KINDS)
        with (
            self._client,
            ThreadPoolExecutor(AT_ONCE * most) as pressers,
            psycopg.connect(self._environment.conninfo, autocommit=True) as connection,
        ):
            path = f"/api/incidents/{incident}/runbooks/{RACED}/execute"
            while self.kinds.total() < races:
                self._fill(connection, path, min(AT_ONCE, races))
                for race in self._found(connection, races - self.kinds.total()):
                    self._start(pressers, race)
                time.sleep(LOOK_SECONDS)

    def _fill(self, connection: "psycopg.Connection[tuple[object, ...]]", path: str, wanted: int) -> None:
        row = connection.execute(RUNNING, (RACED,)).fetchone()
        assert row is not None
        for _ in range(wanted - int(str(row[0]))):
            tag = f"{self._name}-{next(self._numbers)}"
            self._environment.journal.asked(Request(tag, "rest", RACED))
            answer = self._post(path, REQUESTERS[0], {"parameters": {"tag": tag}})
            if answer:
                self._environment.journal.answered(tag, str(answer["execution"]["id"]))

    def _found(self, connection: "psycopg.Connection[tuple[object, ...]]", most: int) -> Iterator[Race]:
        """Yield races for the gates that have just opened."""
        rows = connection.execute(LOOK, (RACED,)).fetchall()
        for gate, execution, left in [row for row in rows if row[0] not in self._met][:most]:
            self._met.add(str(gate))
            kind = self._chance.choices(KINDS, [each.weight for each in KINDS])[0]
            ahead = self._chance.uniform(0, AHEAD)
            at = time.monotonic() + (max(0.0, float(str(left)) - ahead) if kind.at_end else 0.0)
            yield Race(str(gate), str(execution), kind, at)

    def _start(self, pressers: ThreadPoolExecutor, race: Race) -> None:
        self.kinds[race.kind.name] += 1
        barrier = threading.Barrier(len(race.kind.presses))
        for user, what in race.kind.presses:
            pressers.submit(self._press, race, user, what, barrier)

    def _press(self, race: Race, user: str, what: str, barrier: threading.Barrier) -> None:
        time.sleep(max(0.0, race.at - time.monotonic()))
        barrier.wait()
        of_run = f"/api/runbooks/executions/{race.execution}/cancel"
        self._post(of_run if what == "cancel" else f"/api/approvals/{race.gate}/{what}", user, {})

    def _post(self, path: str, user: str, body: dict[str, object]) -> dict[str, dict[str, object]]:
        """Return the answer, or an empty one if it was lost or refused; nothing is repeated."""
        headers = {
            "Authorization": f"Bearer {self._environment.tokens[user]}",
            "Idempotency-Key": f"{self._name}-{next(self._keys)}",
        }
        try:
            response = self._client.post(f"{next(self._webs)}{path}", json=body, headers=headers)
        except httpx2.TransportError:
            self.answers["none"] += 1
            return {}
        self.answers[str(response.status_code)] += 1
        answer: dict[str, dict[str, object]] = response.json() if response.is_success else {}
        return answer
