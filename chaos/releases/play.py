"""Play an upgrade under load: the last release alone, both side by side, this one alone, and all the way back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from chaos.campaign import gather
from chaos.checker.check import check
from chaos.checker.facts import Facts
from chaos.checker.violations import Violation
from chaos.definitions import ALWAYS
from chaos.diagnostics import StuckWatch, diagnose
from chaos.driver.driver import Driver
from chaos.environment import Beginning, Environment, await_answer, open_environment
from chaos.forkserver_client import Forkserver
from chaos.journal import Journal
from chaos.probing import Probe, Probing
from chaos.process_group import PLAIN, Plan
from chaos.releases.last_release import Release
from chaos.releases.working import LAST, OURS, Deed, Tenure, read_deeds
from chaos.settling import settle
from chaos.strikes.scene import until
from cli.compose import Composition
from cli.migrate import migrate
from core.services.audit.chain import ChainReport, verify_chain

Say = Callable[[str], None]
NAME = "upgrade"
KINDS = ("clock", "poster", "worker", "web")  # in the order of docs/operations/upgrade.md
FIRST, SECOND = "1", "2"  # of the two processes of each kind
# Which processes are replaced by this release's, or, for None, by those of the last one.
PHASES: Sequence[tuple[str, str, Plan | None]] = (
    ("both", FIRST, PLAIN),
    (f"{OURS} alone", SECOND, PLAIN),
    ("both, on the way back", FIRST, None),
    (f"{LAST} alone again", SECOND, None),
)
DRAIN_SECONDS = 0.5  # from the last new connection of a web process to its SIGTERM
GRACE = 30.0  # seconds for a process to end after SIGTERM
FEW = ("mixed", "many", "queued", "gated", "waiting", "slow", "shelled", "asked")  # runbooks that end soon


@dataclass(frozen=True)
class Timing:
    """`rate`: requests a second. `seconds`: of load in each phase. `limit`: seconds for everything to settle.

    `phases`: how many of PHASES are played.
    """

    seed: int = 1
    runbooks: tuple[str, ...] = ALWAYS
    rate: float = 1.0
    seconds: float = 30.0
    limit: float = 240.0
    hurry: float = 20.0
    phases: int = len(PHASES)


SHORT = Timing(runbooks=FEW, seconds=3.0, limit=90.0, phases=len(PHASES) - 1)


@dataclass(frozen=True)
class Phase:
    """A part of the upgrade, in Unix times."""

    name: str
    begun: float
    ended: float


@dataclass(frozen=True)
class Result:
    """`schemas`: the database's migration before and after. `left`: what was left to do when the time was up."""

    phases: Sequence[Phase]
    schemas: tuple[str, str]
    deeds: Sequence[Deed]
    probes: Sequence[Probe]
    journal: Journal
    facts: Facts
    violations: Sequence[Violation]
    trail: ChainReport
    left: str | None

    @property
    def is_well(self) -> bool:
        return not self.violations and self.left is None and self.trail.broken is None


@dataclass
class Upgrade:
    """The processes, each of one release or the other."""

    environment: Environment
    last: Plan
    say: Say
    phases: list[Phase] = field(default_factory=list)
    tenures: list[Tenure] = field(default_factory=list)

    def schema(self) -> str:
        """Return the database's newest migration."""
        with psycopg.connect(self.environment.conninfo) as connection:
            [[revision]] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        return str(revision)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        begun = time.time()
        self.say(name)
        yield
        self.phases.append(Phase(name, begun, time.time()))

    def replace(self, number: str, plan: Plan) -> None:
        """Replace the first or second process of each kind, one after the other, by one of the plan's release."""
        for kind in KINDS:
            if kind == "web":
                # What has connected when a process closes its socket is refused, so it gets no more connections first.
                with self.environment.load_balancer.without(int(number) - 1):
                    time.sleep(DRAIN_SECONDS)
                    self._replace(f"{kind}-{number}", plan)
            else:
                self._replace(f"{kind}-{number}", plan)

    def _replace(self, name: str, plan: Plan) -> None:
        group = self.environment.process_group
        group.orders[name] = plan
        former = group.signal(name, signal.SIGTERM, NAME)
        if not until(lambda: group.pid(name) != former, GRACE):
            raise TimeoutError(f"{name} did not end within {GRACE:g} s of SIGTERM.")
        self.tenures.append(Tenure(name, LAST if plan is self.last else OURS, time.time()))
        if name.startswith("web"):
            await_answer(f"{self.environment.webs[int(name[-1]) - 1]}/readyz")


def play_upgrade(release: Release, timing: Timing, folder: Path, say: Say) -> Result:
    """Upgrade from the release to this one and back, in `folder`, while people and systems work."""
    release.check_used()
    say(f"starting {release.name}")
    forkserver = Forkserver(folder / "last-release.log", release.environment)
    last = Plan(release.environment, NAME, forkserver)
    try:
        beginning = Beginning(partial(_fill, release), last)
        with open_environment(folder, "", timing.hurry, beginning=beginning) as environment:
            return _under_load(Upgrade(environment, last, say), timing)
    finally:
        forkserver.close()


def _fill(release: Release, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Make schema, definitions and tokens with the release's own code."""
    done = subprocess.run(
        [sys.executable, "-m", "chaos.releases.filling"],
        env={**os.environ, **environ, **release.environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    tokens: Mapping[str, str] = json.loads(done.stdout)
    return tokens


def _under_load(upgrade: Upgrade, timing: Timing) -> Result:
    environment = upgrade.environment
    driver = Driver(environment, timing.seed, timing.runbooks)
    probing = Probing(environment.web, next(iter(environment.tokens.values())))
    with _watched(environment):
        probing.start()
        driver.start(timing.rate, most=1_000_000)
        try:
            schemas = _upgrade_and_back(upgrade, timing)
        finally:
            probing.stop()
            driver.finish()
        upgrade.say(f"{driver.asked} requests made; waiting until nothing is left to do")
        left = settle(environment.conninfo, lambda: driver.responding.is_quiet, timing.limit)
        driver.close()
    if left is not None:
        for line in diagnose(environment):
            upgrade.say(line)
    facts = gather(environment, harms_by=(), outages_by=())  # an upgrade is no fault: it excuses nothing
    deeds = read_deeds(environment.folder, upgrade.tenures)
    return Result(
        upgrade.phases,
        schemas,
        deeds,
        probing.probes,
        environment.journal,
        facts,
        check(facts),
        _trail(environment),
        left,
    )


@contextmanager
def _watched(environment: Environment) -> Iterator[None]:
    stuck = StuckWatch(environment.conninfo, environment.journal, lambda: environment.is_up)
    stuck.start()
    try:
        yield
    finally:
        stuck.stop()


def _trail(environment: Environment) -> ChainReport:
    with Composition.of(environment.settings) as composition, composition.unit_of_work.begin() as work:
        return verify_chain(work)


def _upgrade_and_back(upgrade: Upgrade, timing: Timing) -> tuple[str, str]:
    """Return the schema of the last release and that of this one."""
    before = upgrade.schema()
    with upgrade.phase(f"{LAST} alone"):
        time.sleep(timing.seconds)
    with upgrade.phase("migrating"):
        migrate(upgrade.environment.settings)
    for name, number, plan in PHASES[: timing.phases]:
        with upgrade.phase(name):
            upgrade.replace(number, plan or upgrade.last)
            time.sleep(timing.seconds)
    return before, upgrade.schema()
