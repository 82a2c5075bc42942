"""Play hosts: throughput as they join, then faults under load; then everything settles, and the checker judges."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from chaos.campaign import gather
from chaos.checker.check import check
from chaos.checker.facts import Facts
from chaos.checker.violations import Violation
from chaos.definitions import ALWAYS
from chaos.diagnostics import StuckWatch, diagnose
from chaos.driver.driver import Driver
from chaos.hosts.environment import WEBS, WORKERS, Hosts, open_hosts
from chaos.hosts.faults import BLIND, LOST, NO_REDIS, OUTAGES, PARTITION, Stage, Struck
from chaos.hosts.holding import Holding
from chaos.hosts.throughput import Rate, measure_joining
from chaos.journal import Journal
from chaos.probing import Probe, Probing
from chaos.recovery import Recoveries
from chaos.settling import settle

Say = Callable[[str], None]
FEW = ("mixed", "many", "queued", "gated", "waiting", "slow")  # runbooks that end soon


@dataclass(frozen=True)
class Plan:
    """`strikes`: a fault for each host that is struck at the same time, and for how many seconds.

    `restarted`: hosts that are restarted after that, one after the other. `quiet`: seconds of load before a strike.
    `processes`: how many a host for workers has. `runs`: by how many each host that joins raises the runs of
    which throughput is measured; 0: it is not. `limit`: seconds for everything to settle.
    `without`: a guard that is off.
    """

    seed: int
    strikes: Sequence[tuple[Mapping[str, str], float]]
    restarted: Sequence[str]
    runbooks: tuple[str, ...] = ALWAYS
    rate: float = 1.0
    quiet: float = 5.0
    processes: int = 4
    runs: int = 40
    limit: float = 240.0
    hurry: float = 20.0
    without: str = ""


LEASE = 10.0  # seconds until a worker that is cut off is taken for lost
SHORT = Plan(
    1,
    [({"worker-1": LOST, "worker-2": PARTITION, "web-2": PARTITION, "worker-3": BLIND}, LEASE + 3)],
    ("web-1", "worker-4"),
    FEW,
    rate=1.5,
    quiet=1.0,
    processes=1,
    runs=0,
    limit=90.0,
)
LONG = Plan(
    1,
    [
        ({"worker-1": PARTITION}, 30),
        ({"worker-2": PARTITION, "web-1": PARTITION}, 30),
        ({"worker-3": BLIND, "worker-4": BLIND}, 30),
        ({"worker-1": NO_REDIS, "web-2": NO_REDIS}, 30),
        ({"worker-2": LOST}, 30),
        ({"worker-3": LOST, "web-1": LOST}, 30),
        ({"worker-1": PARTITION, "worker-2": PARTITION, "worker-3": BLIND, "web-2": PARTITION}, 90),
    ],
    (*WEBS, *WORKERS),
)

JOINING = replace(LONG, strikes=[], restarted=())


@dataclass(frozen=True)
class Result:
    """`left`: what was left to do when the time was up."""

    rates: Sequence[Rate]
    struck: Sequence[Struck]
    probes: Sequence[Probe]
    journal: Journal
    facts: Facts
    violations: Sequence[Violation]
    left: str | None

    @property
    def is_well(self) -> bool:
        """Return whether every promise was kept, and every host is back."""
        return (
            not self.violations and self.left is None and all(each.back is not None for each in self.struck)
        )


def play_hosts(plan: Plan, folder: Path, say: Say) -> Result:
    """Play the plan in `folder`, in a network namespace of this process alone."""
    say("starting the hosts")
    with open_hosts(folder, plan.processes, plan.hurry, plan.without) as hosts:
        rates = measure_joining(hosts, plan.runs, say) if plan.runs else ()
        return _under_load(plan, hosts, rates, say)


def _under_load(plan: Plan, hosts: Hosts, rates: Sequence[Rate], say: Say) -> Result:
    environment = hosts.environment
    probing = Probing(environment.web, next(iter(environment.tokens.values())))
    driver = Driver(environment, plan.seed, plan.runbooks)
    with _watched(hosts) as (recoveries, holding):
        probing.start()
        driver.start(plan.rate, most=1_000_000)
        driver.await_requests(3)
        try:
            struck = list(_strikes(plan, Stage(hosts, driver, recoveries, holding), say))
        finally:
            probing.stop()
            driver.finish()
        say(f"{driver.asked} requests made; waiting until nothing is left to do")
        left = settle(environment.conninfo, lambda: driver.responding.is_quiet, plan.limit)
        driver.close()
    if left is not None:
        for line in diagnose(environment):
            say(line)
    names = {each.name for each in struck}
    facts = gather(environment, names, {each.name for each in struck if each.fault in OUTAGES})
    return Result(rates, struck, probing.probes, environment.journal, facts, check(facts), left)


def _strikes(plan: Plan, stage: Stage, say: Say) -> Iterator[Struck]:
    for faults, seconds in plan.strikes:
        time.sleep(plan.quiet)
        say(f"{', '.join(f'{fault} of {host}' for host, fault in faults.items())}: {seconds:g} s")
        yield from stage.strike(faults, seconds)
    time.sleep(plan.quiet)
    say("rolling restart")
    for host in plan.restarted:
        yield stage.restart(host)


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
