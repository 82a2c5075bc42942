"""Throughput as hosts join: the same runs, worked off by one host for workers, then by two, three and four."""

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from chaos.definitions import REQUESTERS
from chaos.hosts.costs import processor_seconds, processors
from chaos.hosts.environment import WORKERS, Hosts
from chaos.step_definitions import TEAM, call
from chaos.strikes.scene import until
from cli.apply import apply_text
from cli.compose import Composition
from core.services.access.people import load_person
from core.services.incidents.opening import NewIncident, open_incident
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person

NAME = "throughput"
STEPS, STEP_SECONDS = 3, 1.0  # a run mostly waits for others, as in life
JOINING = "joining"
PATIENCE = 300.0
START_SECONDS = 8.0  # until processes that are up have connected to everything
MEASURED = """
SELECT count(*), extract(epoch FROM max(finished_at) - min(started_at))
FROM runbook_executions WHERE id = ANY(%s) AND status = 'succeeded'
"""


@dataclass(frozen=True)
class Rate:
    """`runs` that this many hosts worked off in `seconds`; `busy`: the share of this machine's processors meanwhile.

    `costs`: processor seconds of a run, by kind of process.
    """

    hosts: int
    runs: int
    seconds: float
    busy: float
    costs: Mapping[str, float]

    @property
    def a_second(self) -> float:
        return self.runs / self.seconds


def measure_joining(hosts: Hosts, share: int, say: Callable[[str], None]) -> Sequence[Rate]:
    """Measure with one host for workers, with two, … `share`: how many runs each host adds."""
    with Composition.of(hosts.environment.settings) as composition:
        apply_text(composition.unit_of_work, _definition(), "chaos", approve=True)
        return list(_joining(hosts, composition, share, say))


def _joining(
    hosts: Hosts, composition: Composition, share: int, say: Callable[[str], None]
) -> Iterator[Rate]:
    for name in WORKERS[1:]:
        _leave(hosts, name)
    for number, name in enumerate(WORKERS, 1):
        hosts.environment.process_group.down.difference_update(hosts.members[name])
        time.sleep(START_SECONDS)
        rate = _measure(hosts, composition, number, share * number)
        say(f"{number} hosts: {rate.a_second:.2f} runs a second, processors {rate.busy:.0%} busy")
        yield rate


def _leave(hosts: Hosts, name: str) -> None:
    group, members = hosts.environment.process_group, hosts.members[name]
    group.down.update(members)
    for member in members:
        group.signal(member, signal.SIGTERM, JOINING)
    until(lambda: not any(group.age(member) for member in members), PATIENCE)


def _measure(hosts: Hosts, composition: Composition, number: int, runs: int) -> Rate:
    before, used = processors(), processor_seconds(hosts)
    ids = _start(composition, number, runs)
    found = _ended(hosts.environment.conninfo, ids)
    if found is None:
        raise TimeoutError(f"{runs} runs did not succeed within {PATIENCE:g} s on {number} hosts.")
    busy, idle = (now - then for now, then in zip(processors(), before, strict=True))
    costs = {kind: (now - used[kind]) / runs for kind, now in processor_seconds(hosts).items()}
    return Rate(number, runs, found, busy / (busy + idle), costs)


def _start(composition: Composition, number: int, runs: int) -> list[str]:
    """Start all runs in one transaction, so that the queue is full when the first one begins."""
    with composition.unit_of_work.begin() as work:
        person = load_person(work, REQUESTERS[0], source="chaos")
        incident = open_incident(work, person, NewIncident(f"{number} hosts", TEAM, service="none"))
        runbook = find_runbook(work, person, NAME)
        return [start_by_person(work, person, Start(runbook, incident, {})).id for _ in range(runs)]


def _ended(conninfo: str, ids: list[str]) -> float | None:
    """Return the seconds from the first run's start to the last one's end; None after PATIENCE seconds."""
    found: list[float] = []

    def look() -> bool:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            row = connection.execute(MEASURED, [ids]).fetchone()
        assert row is not None
        found[:] = [float(row[1] or 0)]
        return bool(row[0] == len(ids))

    return found[0] if until(look, PATIENCE, pause=0.5) else None


def _definition() -> str:
    steps = [call(f"call_{number}", "ok", 1, STEP_SECONDS) for number in range(STEPS)]
    return json.dumps({"kind": "runbook", "name": NAME, "steps": steps})
