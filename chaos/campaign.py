"""One campaign: a house, a driver, strikes, then peace, and the checker's word."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos.checker.check import check
from chaos.checker.facts import Asked, Call, Facts, Recovery, Wait
from chaos.checker.outside import read_deliveries, read_messages, read_traces, without_allowed_repeats
from chaos.checker.reading import read_database
from chaos.checker.violations import Violation
from chaos.definitions import ALWAYS
from chaos.diagnostics import StuckWatch, inquest
from chaos.driver.driver import Driver
from chaos.environment import Environment, open_house
from chaos.journal import Journal
from chaos.points import POINTS, PointKills
from chaos.recovery import Recoveries
from chaos.settling import settle
from chaos.strikes import poison, slack_faults, valkey_away
from chaos.strikes.registry import STRIKES
from chaos.strikes.scene import Scene

Say = Callable[[str], None]
TELL_SECONDS = 30.0


@dataclass(frozen=True)
class Order:
    """What a campaign consists of; together with the code it decides everything but the timing.

    `rate`: requests a second, at least `requests` of them, and where `is_open` until all strikes are played. `pause`:
    seconds between two strikes, about. `limit`: seconds that it may take until nothing is left to do. `hurry`: how
    many times faster than Slack's pace messages may go. `races`: gates that are raced over in one such strike.
    `concurrency`: runs at once of each worker; 1 where it says nothing.
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
        """How many requests there are."""
        return 1_000_000 if self.is_open and (self.strikes or self.kills) else self.requests


@dataclass(frozen=True)
class Result:
    """What came of it."""

    violations: Sequence[Violation]
    facts: Facts
    journal: Journal
    left: str | None
    seconds: float
    settling: float
    points: Sequence[str]


def run_campaign(order: Order, folder: Path, say: Say) -> Result:
    """Raises nothing for a broken promise: that is what the result is for."""
    say("starting the house")
    with open_house(folder, order.without, order.hurry, order.concurrency) as environment:
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
        say(f"{driver.asked} requests are made; waiting until nothing is left to do")
        left = settle(environment.conninfo, lambda: driver.responding.is_quiet, order.limit)
        settled = time.monotonic()
        if left is not None:
            for line in inquest(environment):
                say(line)
        driver.close()
        recoveries.stop()
        stuck.stop()
        facts = gather(environment)
        return Result(
            check(facts), facts, environment.journal, left, settled - begun, settled - struck, points
        )


def _strike(order: Order, scene: Scene, say: Say) -> Sequence[str]:
    """Every strike in turn, beside kills at points; then all is healed. Returns the points drawn.

    A poison that comes first is there before the kills are: then three deaths are known to be its own.
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
        say(f"{name} ({scene.driver.asked} asked, {scene.environment.journal.kills} kills)")
        STRIKES[name].play(scene, chance)
        if killer.ident is None:
            killer.start()
        time.sleep(chance.uniform(0.5, 1.5) * order.pause)
    while killer.is_alive():
        killer.join(TELL_SECONDS)
        say(f"{scene.driver.asked} asked, {scene.environment.journal.kills} kills")
    for thread in scene.background:
        thread.join()
    scene.environment.slack.play([])
    return kills.drawn


def gather(environment: Environment) -> Facts:
    """Everything that the checker looks at."""
    journal = environment.journal
    deaths = [death for death in journal.deaths if death.kind == "worker"]
    harms = [(death.at, death.at) for death in deaths]
    harms += [(each.begun, each.ended) for each in journal.strikes if STRIKES[each.fault].harms]
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
        other_deaths=[death.at for death in deaths if death.fault != poison.NAME],
        recoveries=[Recovery(each.execution_id, each.seconds) for each in journal.recoveries],
        waits=[Wait(id_, seconds) for id_, seconds in journal.waits.items()],
        deliveries=read_deliveries(log),
        redis_away=[(s.begun, s.ended) for s in journal.strikes if s.fault in valkey_away.NAMES],
    )
    return read_database(environment.conninfo, others)
