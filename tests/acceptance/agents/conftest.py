"""The world in which agents are tried."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from core.limits import STANDARD
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.agents.world import FAILOVER, AgentWorld, agent_token, application, serving
from tests.conftest import RecordedJobs
from tests.snapshots import Snapshots
from tests.world import TEAMS, Target, apply_documents, new_executor, new_incident, running_target


def apply_teams(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS)


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


@pytest.fixture
def world(
    unit_of_work: UnitOfWorkFactory, snapshots: Snapshots, recorded_jobs: RecordedJobs, target: Target
) -> Iterator[AgentWorld]:
    snapshots.begin_with(unit_of_work, apply_teams)
    apply_documents(unit_of_work, FAILOVER.format(url=target.url))
    incident = new_incident(unit_of_work, service="orders-db")
    web = application(unit_of_work, STANDARD.times(10))
    with capture_logs(), serving(web) as url:
        yield AgentWorld(
            unit_of_work,
            url,
            web,
            agent_token(unit_of_work),
            incident,
            new_executor(unit_of_work),
            recorded_jobs.enqueued,
            target,
        )
