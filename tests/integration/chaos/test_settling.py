"""What is left to do when runs wait for other runs."""

import pytest
from sqlalchemy import Engine, text

from chaos.environment import conninfo
from chaos.settling import left_to_do
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import ADMIN, RecordedJobs
from tests.integration.core.world import CoreWorld, MovableClock
from tests.world import TEAMS, apply_documents, new_executor, new_incident

GATES = """
- id: each
  type: runbook
  foreach: '["a", "b"]'
  steps: [{id: gate, type: approval, expires: null}]
"""


@pytest.fixture
def world(engine: Engine, recorded_jobs: RecordedJobs) -> CoreWorld:
    """One run whose first child waits at a gate; its second has not been started."""
    clock = MovableClock()
    unit_of_work = UnitOfWorkFactory(engine, clock, recorded_jobs, frozenset({ADMIN}))
    apply_documents(unit_of_work, TEAMS)
    world = CoreWorld(
        unit_of_work, clock, recorded_jobs.enqueued, new_executor(unit_of_work), new_incident(unit_of_work)
    )
    world.begin(GATES)
    world.work()
    return world


def test_a_family_of_which_one_waits_for_people_has_nothing_left_to_do(
    world: CoreWorld, database_url: str
) -> None:
    assert left_to_do(conninfo(database_url))[0] == 0


def test_a_family_of_which_none_does_has_everything_left_to_do(
    world: CoreWorld, engine: Engine, database_url: str
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE runbook_executions SET waiting_for = 'timer' WHERE waiting_for = 'approval'")
        )
    assert left_to_do(conninfo(database_url))[0] == 3


def test_a_run_that_waits_for_children_that_are_over_is_left(
    world: CoreWorld, engine: Engine, database_url: str
) -> None:
    ended = "UPDATE runbook_executions SET status = 'cancelled', waiting_for = NULL"
    with engine.begin() as connection:
        connection.execute(text(f"{ended} WHERE parent_execution_id IS NOT NULL"))
    assert left_to_do(conninfo(database_url))[0] == 1
