"""Starting runbooks: once for each request, by whom it is allowed, of what is approved."""

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from core.errors import Conflict, InvalidInput, NotAllowed
from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK
from core.services.executions.locks import take_lock
from core.services.incidents.opening import NewIncident, open_incident
from core.services.library.runbooks import runbook_named
from core.services.runs.control import cancel
from core.services.starts.runbook_starts import Start, start_by_person
from core.statuses import Status
from core.tables import AuditEntry, Incident, IncidentEvent, Notice, RunbookExecution, StepExecution
from tests.integration.core.world import CoreWorld
from tests.world import apply_documents, new_incident, see, start_run

SAY = "steps: [{id: say, type: message, text: hello}]"
OURS = f"kind: runbook\nname: ours\nteam: database\n{SAY}"
GLOBAL = f"kind: runbook\nname: everybodys\n{SAY}"
DRAFT = f"kind: runbook\nname: draft\nteam: database\n{SAY}"
ASKING = f"""
kind: runbook
name: asking
team: database
parameters:
  type: object
  required: [cluster]
  properties:
    cluster: {{type: string, enum: [orders, users]}}
    reason: {{type: string, default: none}}
{SAY}
"""
LOCKED = f"kind: runbook\nname: locked\nteam: database\nlock: db\non_conflict: queue\n{SAY}"


@pytest.fixture
def world(world: CoreWorld) -> CoreWorld:
    apply_documents(world.unit_of_work, "\n---\n".join((OURS, GLOBAL, ASKING, LOCKED)))
    apply_documents(world.unit_of_work, DRAFT, approve=False)
    return world


def counted(world: CoreWorld, *tables: type) -> list[int]:
    with world.unit_of_work.begin() as work:
        return [work.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def start_with_key(world: CoreWorld, key: str | None, runbook: str = "ours") -> str:
    with world.unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        incident = work.session.get_one(Incident, world.incident.id)
        return start_by_person(work, person, Start(runbook_named(work, runbook), incident, {}, key)).id


def at_once(times: int, deed: Callable[[], str]) -> list[str]:
    """What the deed gave in each of so many threads, all let go at one moment."""
    barrier, given = threading.Barrier(times), list[str]()

    def run() -> None:
        barrier.wait(10)
        given.append(deed())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(given) == times
    return given


def test_a_start_is_committed_whole(world: CoreWorld) -> None:
    run = start_run(world.unit_of_work, world.incident, "ours")
    assert counted(world, RunbookExecution, StepExecution) == [1, 1]
    assert world.jobs == [("runbook", run)]
    with world.unit_of_work.begin() as work:
        owed = work.session.execute(select(Notice.kind, Notice.wanted).where(Notice.subject_id == run))
        assert dict(owed.all()) == {"detail": 0, "headline": 1}
        entry = work.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == run)).one()
        assert (entry.actor, entry.source, entry.action) == ("U0DBOPS", "test", "runbook_execution.requested")
        said = {"runbook": "ours", "version": 1, "parameters": {}}
        assert entry.details == {**said, "before": None, "after": {"status": "pending"}}


def test_ten_starts_with_one_key_are_one_execution(world: CoreWorld) -> None:
    assert len({start_with_key(world, "slack:1") for _ in range(10)}) == 1
    assert counted(world, RunbookExecution, StepExecution) == [1, 1]
    assert len(world.jobs) == 1


def test_ten_starts_at_once_with_one_key_are_one_execution(world: CoreWorld) -> None:
    given = at_once(10, lambda: start_with_key(world, "slack:1"))
    assert len(set(given)) == 1
    assert counted(world, RunbookExecution, StepExecution) == [1, 1]
    assert len(world.jobs) == 1


def test_starts_without_a_key_or_with_other_keys_are_executions_of_their_own(world: CoreWorld) -> None:
    given = [start_with_key(world, key) for key in ("a", "b", None, None)]
    assert len(set(given)) == 4


def test_ten_incidents_at_once_with_one_key_are_one_incident(world: CoreWorld) -> None:
    def open_it() -> str:
        with world.unit_of_work.begin() as work:
            person = load_person(work, "U0DBOPS", source="test")
            return open_incident(work, person, NewIncident("Down", "database"), request_key="rest:1").id

    before = counted(world, Incident, IncidentEvent)
    assert len(set(at_once(10, open_it))) == 1
    assert counted(world, Incident, IncidentEvent) == [count + 1 for count in before]


# Team scope ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("runbook", ["ours", "everybodys"])
def test_responders_of_the_incidents_team_run_their_own_and_global_runbooks(
    world: CoreWorld, runbook: str
) -> None:
    assert start_run(world.unit_of_work, world.incident, runbook)


def wait_for_a_blocked_connection(world: CoreWorld) -> None:
    deadline = time.monotonic() + 10
    with world.unit_of_work.engine.connect() as connection:
        blocked = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        while not connection.scalar(text(blocked)):
            assert time.monotonic() < deadline
            connection.rollback()


def refused(world: CoreWorld, person: str, runbook: str, incident: Incident) -> str:
    """Why this person may not start it. Nothing is written."""
    before = counted(world, RunbookExecution, AuditEntry, Notice)
    with world.unit_of_work.begin() as work:
        who = load_person(work, person, source="test")
        start = Start(runbook_named(work, runbook), work.session.get_one(Incident, incident.id), {})
        with pytest.raises(NotAllowed) as error:
            start_by_person(work, who, start)
    assert counted(world, RunbookExecution, AuditEntry, Notice) == before
    return error.value.message


@pytest.mark.parametrize("person", ["U0DBOPS", "U0WEB", "U0ADMIN"])
def test_a_teams_runbook_runs_for_no_other_teams_incident(world: CoreWorld, person: str) -> None:
    theirs = new_incident(world.unit_of_work, "U0WEB", team="web")
    message = refused(world, person, "ours", theirs)
    assert message == "ours belongs to team database, but this incident belongs to team web."


@pytest.mark.parametrize("runbook", ["ours", "everybodys"])
def test_nobody_of_another_team_runs_anything_here(world: CoreWorld, runbook: str) -> None:
    message = refused(world, "U0WEB", runbook, world.incident)
    assert message == f"Only responders of team database may run {runbook} here, and you are not one."


# What is asked for ---------------------------------------------------------------------------------


def test_a_draft_does_not_start(world: CoreWorld) -> None:
    with pytest.raises(Conflict, match="draft is draft: only an approved version runs"):
        start_run(world.unit_of_work, world.incident, "draft")
    assert counted(world, RunbookExecution) == [0]


def test_parameters_are_checked_and_defaults_filled_in(world: CoreWorld) -> None:
    run = start_run(world.unit_of_work, world.incident, "asking", cluster="orders")
    assert see(world.unit_of_work, run).parameters == {"cluster": "orders", "reason": "none"}
    with pytest.raises(InvalidInput):
        start_run(world.unit_of_work, world.incident, "asking", cluster="payments")
    assert counted(world, RunbookExecution) == [1]


# Locks ---------------------------------------------------------------------------------------------


def test_a_run_that_leaves_the_queue_does_not_block_the_one_that_ends(world: CoreWorld) -> None:
    """One ends and grants its lock to the run that a person cancels at this very moment."""
    holder, queued = (start_run(world.unit_of_work, world.incident, "locked") for _ in range(2))
    ending = threading.Thread(target=world.executor.run, args=(RUNBOOK, holder))
    with world.unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        work.session.get_one(RunbookExecution, queued, with_for_update=True)
        ending.start()
        wait_for_a_blocked_connection(world)
        cancel(work, person, queued)
    ending.join(20)
    assert not ending.is_alive()
    assert see(world.unit_of_work, holder).status is Status.SUCCEEDED
    assert see(world.unit_of_work, queued).status is Status.CANCELLED
    with world.unit_of_work.begin() as work:
        assert take_lock(work, "team:database/db", world.incident, queue=False)
