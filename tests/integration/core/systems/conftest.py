"""Runs whose steps act in other systems, and workers that die."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from core.execution import executor
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import LEASE
from core.statuses import WaitingFor
from core.tables import StepExecution
from core.views.executions import ExecutionView, StepView
from tests.integration.core.world import CoreWorld
from tests.systems.awx import Awx
from tests.systems.github import GitHub
from tests.systems.jenkins import Jenkins
from tests.systems.pagerduty import PagerDuty
from tests.systems.play import JobPlay, playing
from tests.systems.ssm import Ssm
from tests.systems.statuspage import Statuspage
from tests.world import new_executor

TOKEN = "t0ken-of-the-system"


class Died(BaseException):
    """The worker's process is gone."""


@dataclass
class Runs:
    """Runs of one runbook in a world. `id`: of the run."""

    world: CoreWorld
    die_at: Callable[[str], None]
    id: str = ""

    def begin(self, steps: str, name: str = "tried") -> None:
        self.id = self.world.begin(steps, name)

    def work(self, steps: str) -> None:
        self.begin(steps)
        self.world.work()

    def lose_worker(self, steps: str, point: str) -> None:
        """A worker begins the run and dies at the point. The next one comes when the lease has ended."""
        self.begin(steps)
        self.die_here(point)
        self.next_worker()

    def die_here(self, point: str) -> None:
        self.die_at(point)
        with pytest.raises(Died):
            self.world.executor.run(RUNBOOK, self.id)
        self.world.jobs.clear()
        self.die_at("")

    def next_worker(self) -> None:
        self.world.pass_by(seconds=LEASE.total_seconds() + 1)

    def pass_by(self, seconds: float = 10, times: int = 1) -> None:
        for _ in range(times):
            self.world.pass_by(seconds=seconds)

    def run(self) -> ExecutionView:
        return self.world.see(self.id)

    def step(self) -> StepView:
        return self.world.step(self.id)

    @property
    def saved(self) -> dict[str, object]:
        with self.world.unit_of_work.begin() as work:
            query = select(StepExecution.saved).where(StepExecution.execution_id == self.id)
            return dict(work.session.scalars(query).first() or {})

    def is_asked(self) -> bool:
        return self.run().waiting_for is WaitingFor.VERDICT


@pytest.fixture
def runs(world: CoreWorld, monkeypatch: pytest.MonkeyPatch) -> Runs:
    world.executor = new_executor(world.unit_of_work, secrets={"TOKEN": TOKEN, "ACCESS": "AKIATEST"})
    deadly = [""]

    def fail_point(point: str) -> None:
        if point == deadly[0]:
            raise Died

    def die_at(point: str) -> None:
        deadly[0] = point

    monkeypatch.setattr(executor, "fail_point", fail_point)
    return Runs(world, die_at)


@contextmanager
def _played(kind: type[JobPlay]) -> Iterator[JobPlay]:
    with playing(kind()) as play:
        yield play


@pytest.fixture(params=[GitHub, Jenkins, Awx, Ssm], ids=["github", "jenkins", "awx", "ssm"])
def system(request: pytest.FixtureRequest) -> Iterator[JobPlay]:
    """Each system in turn."""
    with _played(request.param) as play:
        yield play


@pytest.fixture(params=[GitHub, Jenkins, Awx], ids=["github", "jenkins", "awx"])
def keyless(request: pytest.FixtureRequest) -> Iterator[JobPlay]:
    """Each system whose steps may do without a key."""
    with _played(request.param) as play:
        yield play


@pytest.fixture
def github() -> Iterator[GitHub]:
    with playing(GitHub()) as play:
        yield play


@pytest.fixture
def jenkins() -> Iterator[Jenkins]:
    with playing(Jenkins()) as play:
        yield play


@pytest.fixture
def awx() -> Iterator[Awx]:
    with playing(Awx()) as play:
        yield play


@pytest.fixture
def ssm() -> Iterator[Ssm]:
    with playing(Ssm()) as play:
        yield play


@pytest.fixture
def pagerduty() -> Iterator[PagerDuty]:
    with playing(PagerDuty()) as play:
        yield play


@pytest.fixture
def statuspage() -> Iterator[Statuspage]:
    with playing(Statuspage()) as play:
        yield play
