"""One campaign: an environment, a driver and strikes; then everything settles, and the checker judges the facts."""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos.checker.check import check
from chaos.checker.facts import Asked, Call, Entry, Facts, Recovery, Wait
from chaos.checker.outside import read_deliveries, read_messages, read_traces, without_allowed_repeats
from chaos.checker.reading import read_database
from chaos.checker.violations import Violation
from chaos.definitions import ALWAYS
from chaos.diagnostics import StuckWatch, diagnose
from chaos.driver.driver import Driver
from chaos.environment import Environment, open_environment
from chaos.journal import Journal
from chaos.points import POINTS, PointKills
from chaos.recovery import Recoveries
from chaos.settling import settle
from chaos.strikes import (
    clock_jump,
    commit_cut,
    pause_worker,
    poison,
    postgres_stop,
    slack_faults,
    valkey_away,
)
from chaos.strikes.registry import STRIKES
from chaos.strikes.scene import Scene

Say = Callable[[str], None]
TELL_SECONDS = 30.0
# Faults after which a worker that was taken for lost may go on, or one may begin again at once.
OUTAGES = (pause_worker.NAME, postgres_stop.NAME, commit_cut.NAME, clock_jump.NAME)


@dataclass(frozen=True)
class Order:
    """The plan of a campaign; together with the code it determines everything except the timing.

    `rate`: requests per second. `requests`: how many at least; if `is_open`, they go on until all strikes are played.
    `pause`: average seconds between two strikes. `limit`: seconds for everything to settle. `hurry`: how many times
    faster than Slack's pace messages may be posted. `races`: gates that are raced for in one decision race.
    `concurrency`: concurrent runs of each worker, by default 1.
    """

    seed: int
    strikes: Sequence[str]
    kills: int = 0
    points: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: POINTS)
    runbooks: tuple[str, ...] = ALWAYS
    requests: int = 20
    rate: float = 0.5
    pause: float = 1.0
    limit: float = 300.0
    without: str = ""
    is_open: bool = True
    hurry: float = 1.0
    races: int = 8
    concurrency: tuple[int, ...] = ()

    @property
    def most(self) -> int:
        """The maximum number of requests."""
        return 1_000_000 if self.is_open and (self.strikes or self.kills) else self.requests


@dataclass(frozen=True)
class Result:
    """The result of a campaign. `left`: what was left to do when the time was up. Times are in seconds."""

    violations: Sequence[Violation]
    facts: Facts
    journal: Journal
    left: str | None
    seconds: float
    settling: float
    points: Sequence[str]


def run_campaign(order: Order, folder: Path, say: Say) -> Result:
    """Run the campaign in `folder` and return its result, which contains the broken promises."""
    say("starting the environment")
    with open_environment(folder, order.without, order.hurry, order.concurrency) as environment:
        begun = time.monotonic()
        recoveries = Recoveries(environment.conninfo, environment.journal)
        stuck = StuckWatch(environment.conninfo, environment.journal, lambda: environment.is_up)
        recoveries.start()
        stuck.start()
        driver = Driver(environment, order.seed, order.runbooks)
        driver.start(order.rate, order.most)
        points = _strike(order, Scene(environment, driver, recoveries, races=order.races), say)
        driver.await_requests(order.requests)
        driver.finish()
        struck = time.monotonic()
        say(f"{driver.asked} requests made; waiting until nothing is left to do")
        left = settle(environment.conninfo, lambda: driver.responding.is_quiet, order.limit)
        settled = time.monotonic()
        if left is not None:
            for line in diagnose(environment):
                say(line)
        driver.close()
        recoveries.stop()
        stuck.stop()
        facts = gather(environment)
        return Result(
            check(facts), facts, environment.journal, left, settled - begun, settled - struck, points
        )


def _strike(order: Order, scene: Scene, say: Say) -> Sequence[str]:
    """Play every strike in turn, with kills at fail points meanwhile, then end all faults. Returns the points drawn.

    If poison is the first strike, the kills start after it, so that its first three deaths are known to be its own.
    """
    chance = Random(f"{order.seed}/strikes")
    kills = PointKills(
        scene.environment.process_group, Random(f"{order.seed}/points"), order.kills, order.points
    )
    scene.driver.await_requests(min(3, order.requests))
    killer = threading.Thread(target=kills.run, name="killer", daemon=True)
    if poison.NAME not in order.strikes[:1]:
        killer.start()
    for name in order.strikes:
        say(f"{name} ({scene.driver.asked} requests, {scene.environment.journal.kills} kills)")
        STRIKES[name].play(scene, chance)
        if killer.ident is None:
            killer.start()
        time.sleep(chance.uniform(0.5, 1.5) * order.pause)
    while killer.is_alive():
        killer.join(TELL_SECONDS)
        say(f"{scene.driver.asked} requests, {scene.environment.journal.kills} kills")
    kills.check_done()
    for thread in scene.background:
        thread.join()
    scene.environment.slack.play([])
    return kills.drawn


HARMS = frozenset(name for name, strike in STRIKES.items() if strike.harms)


def gather(
    environment: Environment, harms_by: Collection[str] = HARMS, outages_by: Collection[str] = OUTAGES
) -> Facts:
    """Collect the facts for the checker from the journal, the target, Slack and the database.

    `harms_by`: faults that affect workers or servers; `outages_by`: those of them that are more than a death.
    """
    journal = environment.journal
    deaths = [death for death in journal.deaths if death.kind == "worker"]
    harms = [(death.at, death.at) for death in deaths if death.status != 0]  # an orderly end harms nobody
    harms += [(each.begun, each.ended) for each in journal.strikes if each.fault in harms_by]
    log = environment.slack.log()
    unreadable = [(s.begun, s.ended) for s in journal.strikes if s.fault == slack_faults.UNREADABLE]
    others = Facts(
        calls=[Call(c.at, c.key, c.kind, c.edition, c.effect) for c in environment.target.calls()],
        traces=read_traces(environment.trace),
        messages=without_allowed_repeats(read_messages(log), unreadable),
        asked=[Asked(request.tag, request.told, request.refused) for request in journal.requests.values()],
        told=list(journal.told),
        froze=dict(journal.froze),
        harms=harms,
        outages=[(each.begun, each.ended) for each in journal.strikes if each.fault in outages_by],
        entries=[Entry(e.asked, e.user, e.note, e.is_accepted) for e in journal.entries.values()],
        other_deaths=[death.at for death in deaths if death.fault != poison.NAME],
        recoveries=[Recovery(each.execution_id, each.seconds) for each in journal.recoveries],
        waits=[Wait(id_, seconds) for id_, seconds in journal.waits.items()],
        deliveries=read_deliveries(log),
        redis_away=[(s.begun, s.ended) for s in journal.strikes if s.fault in valkey_away.NAMES],
    )
    return read_database(environment.conninfo, others)
