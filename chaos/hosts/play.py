"""Play hosts: throughput as they join, then faults under load; then everything settles, and the checker judges."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.campaign import gather
from chaos.checker.check import check
from chaos.checker.facts import Facts
from chaos.checker.violations import Violation
from chaos.definitions import ALWAYS
from chaos.diagnostics import StuckWatch, diagnose
from chaos.driver.driver import Driver
from chaos.hosts.environment import WEBS, Hosts, open_hosts
from chaos.hosts.faults import BLIND, LOST, NAMES, NO_REDIS, OUTAGES, PARTITION, Stage, Struck, roll
from chaos.hosts.observing import Holding, Probing
from chaos.hosts.throughput import Rate, measure_joining
from chaos.journal import Journal
from chaos.recovery import Recoveries
from chaos.settling import settle

Say = Callable[[str], None]
FEW = ("mixed", "many", "queued", "gated", "waiting", "slow")  # runbooks that end soon
QUIET_SECONDS = 3.0  # of load, before the first fault and between two


@dataclass(frozen=True)
class Plan:
    """`strikes`: faults, each with the hosts that it meets at once and its seconds. `processes`: of a host for workers."""

    seed: int
    strikes: Sequence[tuple[str, Sequence[str], float]]
    runbooks: tuple[str, ...]
    rate: float
    processes: int
    limit: float
    hurry: float
    runs: int = 0  # a host's share of the runs of which throughput is measured; 0: it is not measured


SHORT = Plan(
    1,
    (
        (LOST, ("worker-1",), 14.0),
        (PARTITION, ("worker-2", "web-2"), 14.0),
    ),
    FEW,
    rate=1.5,
    processes=1,
    limit=90.0,
    hurry=20.0,
)
LONG = Plan(
    1,
    (
        (PARTITION, ("worker-1",), 30.0),
        (PARTITION, ("web-1", "worker-2"), 30.0),
        (BLIND, ("worker-3", "worker-4"), 30.0),
        (NO_REDIS, ("worker-1", "web-2"), 20.0),
        (LOST, ("worker-2",), 30.0),
        (LOST, ("web-1", "worker-3"), 30.0),
    ),
    ALWAYS,
    rate=1.5,
    processes=4,
    limit=240.0,
    hurry=20.0,
    runs=40,
)


@dataclass(frozen=True)
class Result:
    """`left`: what was left to do when the time was up. `failed`: of each strike, requests that failed, of all."""

    rates: Sequence[Rate]
    struck: Sequence[Struck]
    probing: Probing
    journal: Journal
    facts: Facts
    violations: Sequence[Violation]
    left: str | None

    @property
    def is_well(self) -> bool:
        return (
            not self.violations and self.left is None and all(None not in each.back for each in self.struck)
        )


def play_hosts(plan: Plan, folder: Path, say: Say) -> Result:
    """Play the plan in `folder`, in a network namespace of this process alone."""
    say("starting the hosts")
    with open_hosts(folder, plan.processes, plan.hurry) as hosts:
        rates = measure_joining(hosts, plan.runs, say) if plan.runs else ()
        return _under_load(plan, hosts, rates, say)


def _under_load(plan: Plan, hosts: Hosts, rates: Sequence[Rate], say: Say) -> Result:
    environment = hosts.environment
    probing = Probing(environment.web, next(iter(environment.tokens.values())))
    driver = Driver(environment, plan.seed, plan.runbooks)
    with _watched(hosts) as (recoveries, holding):
        probing.start()
        driver.start(plan.rate, most=1_000_000)
        struck = list(_strikes(plan, Stage(hosts, recoveries, holding), say))
        driver.finish()
        say(f"{driver.asked} requests made; waiting until nothing is left to do")
        left = settle(environment.conninfo, lambda: driver.responding.is_quiet, plan.limit)
        probing.stop()
        driver.close()
    if left is not None:
        for line in diagnose(environment):
            say(line)
    facts = gather(environment, NAMES, OUTAGES)
    return Result(rates, struck, probing, environment.journal, facts, check(facts), left)


def _strikes(plan: Plan, stage: Stage, say: Say) -> Iterator[Struck]:
    for fault, names, seconds in plan.strikes:
        time.sleep(QUIET_SECONDS)
        say(f"{fault}: {', '.join(names)}, {seconds:g} s")
        yield stage.strike(fault, names, seconds)
    time.sleep(QUIET_SECONDS)
    say("rolling restart")
    yield roll(stage)


@contextmanager
def _watched(hosts: Hosts) -> Iterator[tuple[Recoveries, Holding]]:
    environment = hosts.environment
    recoveries = Recoveries(environment.conninfo, environment.journal)
    stuck = StuckWatch(environment.conninfo, environment.journal, lambda: environment.is_up)
    holding = Holding(environment.conninfo)
    watches = (recoveries, stuck, holding)
    for watch in watches:
        watch.start()
    try:
        yield recoveries, holding
    finally:
        for watch in watches:
            watch.stop()
