"""Time stands still at START until the test moves it."""

from collections.abc import Iterator

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.integration.core.workflows.deployment import START, Deployment
from tests.world import Target, running_target


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    with freeze_time(START) as factory:
        assert isinstance(factory, FrozenDateTimeFactory)
        yield factory


@pytest.fixture
def deployment(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, frozen: FrozenDateTimeFactory
) -> Deployment:
    return Deployment(unit_of_work, recorded_jobs, frozen)


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running
