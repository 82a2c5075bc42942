"""A restored copy of the database is recognised, by whoever comes first, and whatever it was copied with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.engine import make_url

from chaos.restoring.copies import as_role_of, dump, restore, restore_in_place
from cli.embedded import Services, create_database
from cli.startup_checks import begin
from core.database import open_engine
from core.decisions.installation import DatabaseChange
from core.errors import Conflict
from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK
from core.services.freezes.declaring import unfreeze
from core.services.freezes.in_force import freezes_in_force
from core.services.operations import installation
from core.services.operations.installation import AnotherDatabase, is_as_known
from core.services.operations.restore import declare_restored, settle
from core.services.runs.retries import retry
from core.statuses import Status, WaitingFor
from core.tables import AuditEntry, Installation, Notice, StepExecution, WorkerLoss
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import ADMIN, RecordedJobs
from tests.integration.core.world import CoreWorld
from tests.world import Target, new_executor, see, start_run

SAFE_AND_UNSAFE = """
- {{id: look, type: http, url: "{url}/look", retry: {{safe: true, attempts: 3}}}}
- {{id: change, type: http, method: POST, url: "{url}/change"}}
"""


@dataclass
class Memory:
    """A witness that never forgets."""

    marks: dict[str, int] = field(default_factory=dict)

    def remember(self, line: str, mark: int) -> None:
        self.marks[line] = mark

    def recall(self, line: str) -> int | None:
        return self.marks.get(line)


def row_of(unit_of_work: UnitOfWorkFactory) -> Installation:
    with unit_of_work.begin() as work:
        return work.session.scalars(select(Installation)).one()


def is_frozen(unit_of_work: UnitOfWorkFactory) -> bool:
    with unit_of_work.begin() as work:
        return bool(freezes_in_force(work))


@pytest.fixture
def copied(
    world: CoreWorld, services: Services, owner_url: str, tmp_path: Path, worker_id: str
) -> Iterator[Callable[[], UnitOfWorkFactory]]:
    """The service on a copy of the database, as it is at the moment of the call."""
    engines: list[Engine] = []

    def copy() -> UnitOfWorkFactory:
        dump(owner_url, tmp_path / "dump")
        url = restore(tmp_path / "dump", services.owner_url, f"copied_{worker_id}_{token_hex(6)}")
        engines.append(open_engine(as_role_of(services.database_url, url)))
        return UnitOfWorkFactory(engines[-1], world.clock, RecordedJobs(), frozenset({ADMIN}))

    settle(world.unit_of_work)
    yield copy
    for engine in engines:
        engine.dispose()


def test_a_new_database_is_written_down_as_what_it_is(unit_of_work: UnitOfWorkFactory) -> None:
    assert settle(unit_of_work) is DatabaseChange.NOTHING
    assert (row_of(unit_of_work).generation, is_frozen(unit_of_work)) == (1, False)


def test_a_dump_is_recognised_once_and_everything_is_frozen(copied: Callable[[], UnitOfWorkFactory]) -> None:
    there = copied()

    assert settle(there) is DatabaseChange.COPIED
    assert settle(there) is DatabaseChange.NOTHING

    assert (row_of(there).generation, is_frozen(there)) == (2, True)
    with there.begin() as work:
        assert work.session.scalars(select(AuditEntry.action)).all().count("installation.restored") == 1


def test_a_copy_within_the_server_is_recognised(
    world: CoreWorld, services: Services, owner_url: str, engine: Engine, owner_engine: Engine, worker_id: str
) -> None:
    settle(world.unit_of_work)
    for each in (engine, owner_engine):
        each.dispose()
    template = make_url(owner_url).database
    url = create_database(services.owner_url, f"template_{worker_id}_{token_hex(6)}", template)
    there = open_engine(as_role_of(services.database_url, url))
    assert settle(replace(world.unit_of_work, engine=there)) is DatabaseChange.COPIED
    there.dispose()


def test_a_dump_that_is_restored_over_the_database_itself_is_recognised(
    world: CoreWorld, owner_url: str, tmp_path: Path
) -> None:
    settle(world.unit_of_work)
    dump(owner_url, tmp_path / "dump")
    world.unit_of_work.engine.dispose()
    restore_in_place(tmp_path / "dump", owner_url)

    assert settle(world.unit_of_work) is DatabaseChange.COPIED


def test_a_database_that_was_set_back_is_recognised_by_what_was_seen_of_it(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    unit_of_work = replace(unit_of_work, witness=Memory())
    settle(unit_of_work)
    unit_of_work.witness.remember(row_of(unit_of_work).line, 7)

    assert settle(unit_of_work) is DatabaseChange.SET_BACK
    assert settle(unit_of_work) is DatabaseChange.NOTHING, "what comes after is remembered anew"
    assert is_frozen(unit_of_work)


@pytest.mark.parametrize(
    ("seen", "happened"), [(True, DatabaseChange.TAKEN_OVER), (False, DatabaseChange.SET_BACK)]
)
def test_a_standby_that_took_over_is_told_from_a_moment_of_the_past_by_a_witness(
    unit_of_work: UnitOfWorkFactory, seen: bool, happened: DatabaseChange
) -> None:
    unit_of_work = replace(unit_of_work, witness=Memory())
    settle(unit_of_work)
    with unit_of_work.begin() as work:
        work.session.execute(text("UPDATE installation SET timeline = '00000000'"))
    if seen:
        unit_of_work.witness.remember(row_of(unit_of_work).line, row_of(unit_of_work).mark)

    assert settle(unit_of_work) is happened
    assert is_frozen(unit_of_work) is happened.is_restore
    with unit_of_work.begin() as work:
        assert is_as_known(work.session)


def test_a_worker_that_meets_a_copy_recognises_it_before_it_claims_anything(
    world: CoreWorld, copied: Callable[[], UnitOfWorkFactory], target: Target
) -> None:
    execution_id = world.begin(SAFE_AND_UNSAFE.format(url=target.url))
    there = copied()

    run(there, execution_id)

    assert target.calls == []
    held = see(there, execution_id)
    assert (held.status, held.waiting_for) == (Status.WAITING, WaitingFor.FREEZE)


def test_what_was_under_way_is_asked_about_and_costs_no_definition_a_loss(
    world: CoreWorld, copied: Callable[[], UnitOfWorkFactory], target: Target
) -> None:
    execution_id = world.begin(SAFE_AND_UNSAFE.format(url=target.url))
    there: list[UnitOfWorkFactory] = []
    target.during["/change"] = lambda: there.append(copied())
    world.work()

    settle(there[0])
    run(there[0], execution_id)

    asked = see(there[0], execution_id)
    assert (asked.waiting_for, [step.status for step in asked.steps]) == (
        WaitingFor.VERDICT,
        [Status.SUCCEEDED, Status.UNKNOWN],
    )
    with there[0].begin() as work:
        assert work.session.scalars(select(WorkerLoss)).all() == []


def test_what_is_owed_may_have_been_said_and_so_may_what_is_owed_later(
    world: CoreWorld, copied: Callable[[], UnitOfWorkFactory], target: Target
) -> None:
    execution_id = world.begin(SAFE_AND_UNSAFE.format(url=target.url))
    there = copied()
    settle(there)
    with there.begin() as work:
        notices = work.session.scalars(select(Notice).where(Notice.kind != "message")).all()
        assert {notice.uncertain for notice in notices} == {True}
    run(there, execution_id)
    with there.begin() as work:
        steps = select(StepExecution.maybe_done).where(StepExecution.execution_id == execution_id)
        assert set(work.session.scalars(steps)) == {True}


def test_a_retry_of_what_was_under_way_is_as_doubtful(
    world: CoreWorld, copied: Callable[[], UnitOfWorkFactory], target: Target
) -> None:
    execution_id = world.begin(SAFE_AND_UNSAFE.format(url=target.url))
    there = copied()
    settle(there)
    copy = CoreWorld(there, world.clock, [], new_executor(there), world.incident)
    copy.cancel(execution_id)
    run(there, execution_id)
    thaw(there)
    with there.begin() as work:
        again = retry(work, load_person(work, "U0DBOPS", source="test"), execution_id).id

    run(there, again)

    assert (see(there, again).waiting_for, target.paths()) == (WaitingFor.VERDICT, ["/look"])


def test_what_begins_after_the_restore_runs_unasked(
    world: CoreWorld, copied: Callable[[], UnitOfWorkFactory], target: Target
) -> None:
    world.begin(SAFE_AND_UNSAFE.format(url=target.url))
    there = copied()
    settle(there)
    with pytest.raises(Conflict, match="Everything is frozen by the system: The database is a restored copy"):
        start_run(there, world.incident, "tried")
    thaw(there)

    execution_id = start_run(there, world.incident, "tried")
    run(there, execution_id)

    assert see(there, execution_id).status is Status.SUCCEEDED


def test_an_operator_says_what_nobody_can_recognise(world: CoreWorld, target: Target) -> None:
    execution_id = world.begin(SAFE_AND_UNSAFE.format(url=target.url))
    with world.unit_of_work.begin() as work:
        assert declare_restored(work, load_person(work, ADMIN, source="test")) == 2

    world.work()

    assert (see(world.unit_of_work, execution_id).waiting_for, target.calls) == (WaitingFor.FREEZE, [])


def test_a_process_that_is_started_frozen_freezes_once(unit_of_work: UnitOfWorkFactory) -> None:
    begin(unit_of_work, frozen=True)
    begin(unit_of_work, frozen=True)

    with unit_of_work.begin() as work:
        [freeze] = freezes_in_force(work)
    assert (freeze.team_id, freeze.reason, freeze.frozen_by) == (
        None,
        "It was started with --frozen",
        "operator",
    )


def test_where_cluster_and_log_are_not_shown_a_copy_is_recognised_all_the_same(
    copied: Callable[[], UnitOfWorkFactory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "WHOLE", "SELECT pg_read_file('forbidden')")
    there = copied()
    with there.begin() as work:
        less = installation.present_place(work.session)
        assert less.identity.startswith("-/")
        with pytest.raises(AnotherDatabase):
            installation.require_known(work.session)


def run(unit_of_work: UnitOfWorkFactory, execution_id: str) -> None:
    """As a worker with a job for it."""
    new_executor(unit_of_work).run(RUNBOOK, execution_id)


def thaw(unit_of_work: UnitOfWorkFactory) -> None:
    with unit_of_work.begin() as work:
        for freeze in freezes_in_force(work):
            unfreeze(work, load_person(work, ADMIN, source="test"), freeze.id)
