"""What the tests of the core on a real database share: a clock that can be moved, and a small world."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import ADMIN, RecordedJobs
from tests.integration.core.world import CoreWorld, MovableClock, SilentTarget, silent_target
from tests.snapshots import Snapshots
from tests.world import TEAMS, Target, apply_documents, new_executor, new_incident, running_target


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def unit_of_work(engine: Engine, recorded_jobs: RecordedJobs, clock: MovableClock) -> UnitOfWorkFactory:
    return UnitOfWorkFactory(engine, clock, recorded_jobs, frozenset({ADMIN}))


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


@pytest.fixture
def silent() -> Iterator[SilentTarget]:
    with silent_target() as running:
        yield running


def apply_teams(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS)


@pytest.fixture
def world(
    unit_of_work: UnitOfWorkFactory, snapshots: Snapshots, clock: MovableClock, recorded_jobs: RecordedJobs
) -> CoreWorld:
    """With the teams, and an incident of team database."""
    snapshots.begin_with(unit_of_work, apply_teams)
    return CoreWorld(
        unit_of_work, clock, recorded_jobs.enqueued, new_executor(unit_of_work), new_incident(unit_of_work)
    )
