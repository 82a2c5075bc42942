"""What people do to a run: they approve, reject, come too late, cancel. And what the trail keeps of it."""

import threading

import pytest
from sqlalchemy import select

from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.execution import lease
from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK
from core.services.runs.approvals import decide_gate, find_gate, open_gates
from core.services.runs.control import InDoubt, give_verdict
from core.statuses import Status, WaitingFor
from core.tables import Approval, AuditEntry, Notice, RunbookExecution
from tests.integration.core.world import CoreWorld, SilentTarget
from tests.world import Target, new_executor

GATE = "- {id: gate, type: approval, approvers: {team: database, role: responder, count: 1}, expires: 15m}\n"
SAY = "- {id: say, type: message, text: hello}\n"


def notices(world: CoreWorld, *kinds: str) -> list[tuple[str, int]]:
    """Kind and wanted state of the notices, in the order they were first owed."""
    with world.unit_of_work.begin() as work:
        found = work.session.scalars(select(Notice).where(Notice.kind.in_(kinds)).order_by(Notice.number))
        return [(notice.kind, notice.wanted) for notice in found]


def audit(world: CoreWorld) -> list[tuple[str, str]]:
    """Actor and action of what was done to runs."""
    with world.unit_of_work.begin() as work:
        rows = work.session.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [(row.actor, row.action) for row in rows if not row.action.endswith((".changed", ".opened"))]


def gate_of(world: CoreWorld) -> Approval:
    with world.unit_of_work.begin() as work:
        return work.session.scalars(select(Approval)).one()


# Gates ---------------------------------------------------------------------------------------------


def test_an_approved_run_goes_on_and_everything_is_written_down(world: CoreWorld) -> None:
    run = world.begin(GATE + SAY)
    world.work()
    world.decide(run, approved=True)
    world.work()
    assert world.statuses(run) == [Status.SUCCEEDED] * 2
    assert gate_of(world).status == "approved"
    assert audit(world) == [
        ("operator", "runbook.created"),
        ("operator", "runbook.approved"),
        ("U0DBOPS", "runbook_execution.requested"),
        ("U0DBADMIN", "approval.approved"),
        ("system", "runbook_execution.ended"),
    ]
    owed = dict(notices(world, "headline", "gate", "outcome", "message", "detail"))
    assert set(owed) == {"headline", "gate", "outcome", "message", "detail"}
    assert owed["gate"] == 2
    assert owed["headline"] == 1  # it was dirty all along: no poster has claimed it


def test_a_rejected_run_ends(world: CoreWorld) -> None:
    run = world.begin(GATE + SAY)
    world.work()
    world.decide(run, approved=False)
    world.work()
    seen = world.see(run)
    assert (seen.status, seen.error) == (Status.FAILED, "Step gate: Rejected by <@U0DBADMIN>.")
    assert gate_of(world).status == "rejected"


def test_a_gate_that_nobody_decides_expires(world: CoreWorld) -> None:
    run = world.begin(GATE + SAY)
    world.work()
    world.pass_by(minutes=14)
    assert world.see(run).waiting_for is WaitingFor.APPROVAL
    world.pass_by(minutes=1)
    assert world.see(run).status is Status.TIMED_OUT
    assert world.statuses(run) == [Status.TIMED_OUT, Status.PENDING]
    assert gate_of(world).status == "expired"
    assert dict(notices(world, "gate")) == {"gate": 2}


def test_a_gate_that_may_fail_expires_and_the_next_one_opens(world: CoreWorld) -> None:
    may_fail = GATE.replace("expires: 15m", "expires: 15m, on_failure: continue")
    run = world.begin(may_fail + GATE.replace("id: gate", "id: second"))
    world.work()
    world.pass_by(minutes=15)
    assert world.statuses(run) == [Status.TIMED_OUT, Status.WAITING]
    with world.unit_of_work.begin() as work:
        found = work.session.execute(select(Approval.position, Approval.status).order_by(Approval.position))
        assert found.all() == [(0, "expired"), (1, "open")]


def test_who_comes_after_the_time_is_refused_even_before_the_clock_came(world: CoreWorld) -> None:
    run = world.begin(GATE + SAY)
    world.work()
    world.clock.pass_by(minutes=15)
    with pytest.raises(Conflict, match="nobody decided in time"):
        world.decide(run, approved=True)
    world.pass_by(seconds=1)
    assert world.see(run).status is Status.TIMED_OUT


def test_the_requester_and_strangers_do_not_decide(world: CoreWorld) -> None:
    run = world.begin(GATE + SAY)
    world.work()
    with pytest.raises(NotAllowed, match="You requested this run"):
        world.decide(run, approved=True, person="U0DBOPS")
    with pytest.raises(NotFound):
        world.decide(run, approved=True, person="U0WEB")
    assert world.see(run).waiting_for is WaitingFor.APPROVAL


def test_a_gate_is_seen_by_its_team_and_by_nobody_else(world: CoreWorld) -> None:
    world.begin(GATE)
    world.work()
    gate = gate_of(world)
    with world.unit_of_work.begin() as work:
        people = {who: load_person(work, who, source="test") for who in ("U0DBOPS", "U0WEB")}
        assert [g.id for g in open_gates(work, people["U0DBOPS"])] == [gate.id]
        assert open_gates(work, people["U0WEB"]) == []
        with pytest.raises(NotFound):
            find_gate(work, people["U0WEB"], gate.id)


def test_the_second_click_changes_nothing(world: CoreWorld) -> None:
    run = world.begin(GATE + SAY)
    world.work()
    gate = gate_of(world)
    world.decide(run, approved=True)
    with world.unit_of_work.begin() as work, pytest.raises(Conflict, match="Nothing is left to decide"):
        decide_gate(work, load_person(work, "U0DBADMIN", source="test"), gate.id, approved=False)
    world.work()
    assert world.see(run).status is Status.SUCCEEDED


def test_of_many_clicks_at_once_one_counts(world: CoreWorld) -> None:
    run = world.begin(GATE + SAY)
    world.work()
    gate, refused = gate_of(world), list[str]()

    def click() -> None:
        try:
            with world.unit_of_work.begin() as work:
                decide_gate(work, load_person(work, "U0DBADMIN", source="test"), gate.id, approved=True)
        except Conflict as error:
            refused.append(error.message)

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    assert world.jobs.count(("runbook", run)) == 1
    assert audit(world).count(("U0DBADMIN", "approval.approved")) == 1


# Verdicts ------------------------------------------------------------------------------------------


def test_a_verdict_is_given_once_by_a_responder_with_a_word_that_is_known(
    world: CoreWorld, silent: SilentTarget
) -> None:
    run = world.begin(f"- {{id: call, type: http, method: POST, url: {silent.url}}}")
    world.work()
    with pytest.raises(InvalidInput, match="ran, did_not_run, run_again"):
        world.judge(run, "maybe")
    with world.unit_of_work.begin() as work, pytest.raises(NotFound):
        give_verdict(work, load_person(work, "U0WEB", source="test"), run, "ran", InDoubt("call", 1))
    world.judge(run, "ran")
    with pytest.raises(Conflict, match="no longer needs a verdict"):
        world.judge(run, "ran")
    assert ("U0DBOPS", "verdict.ran") in audit(world)


# Cancels -------------------------------------------------------------------------------------------


def test_what_is_cancelled_before_it_began_never_begins(world: CoreWorld) -> None:
    run = world.begin(SAY)
    world.cancel(run)
    world.work()
    seen = world.see(run)
    assert (seen.status, seen.error) == (Status.CANCELLED, "Cancelled by <@U0DBOPS>.")
    assert world.statuses(run) == [Status.PENDING]
    assert audit(world)[-2:] == [
        ("U0DBOPS", "runbook_execution.cancelled"),
        ("system", "runbook_execution.ended"),
    ]


@pytest.mark.parametrize("waits", [GATE, "- {id: pause, type: wait, for: 10m}\n"], ids=["gate", "timer"])
def test_what_is_cancelled_while_it_waits_ends_at_once(world: CoreWorld, waits: str) -> None:
    run = world.begin(waits + SAY)
    world.work()
    world.cancel(run)
    assert world.see(run).status is Status.CANCELLED
    assert world.statuses(run) == [Status.CANCELLED, Status.PENDING]
    world.pass_by(hours=1)
    assert world.statuses(run) == [Status.CANCELLED, Status.PENDING]
    with pytest.raises(Conflict, match="already ended: cancelled"):
        world.cancel(run)


def test_the_gate_of_a_cancelled_run_is_closed(world: CoreWorld) -> None:
    run = world.begin(GATE)
    world.work()
    gate = gate_of(world)
    world.cancel(run)
    assert gate_of(world).status == "cancelled"
    with world.unit_of_work.begin() as work, pytest.raises(Conflict, match="No longer needed"):
        decide_gate(work, load_person(work, "U0DBADMIN", source="test"), gate.id, approved=True)


@pytest.fixture
def quick_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "HEARTBEAT", 0.05)


@pytest.mark.usefixtures("quick_heart")
def test_a_cancel_stops_the_call_that_is_under_way(world: CoreWorld, silent: SilentTarget) -> None:
    silent.release.clear()
    run = world.begin(f"- {{id: call, type: http, method: POST, url: {silent.url}, timeout: 1m}}\n" + SAY)
    worker = threading.Thread(target=world.work)
    worker.start()
    assert silent.called.wait(10)
    world.cancel(run)
    assert world.see(run).status is Status.RUNNING
    worker.join(10)
    assert not worker.is_alive()
    seen = world.see(run)
    assert (seen.status, seen.error) == (Status.CANCELLED, "Cancelled by <@U0DBOPS>.")
    assert world.statuses(run) == [Status.UNKNOWN, Status.PENDING]


@pytest.mark.usefixtures("quick_heart")
def test_a_cancel_stops_the_command_that_is_under_way(world: CoreWorld) -> None:
    run = world.begin("- {id: slow, type: shell, argv: [sleep, '1000']}\n" + SAY)
    worker = threading.Thread(target=world.work)
    worker.start()
    deadline = threading.Event()
    for _ in range(500):
        if world.statuses(run)[0] == Status.RUNNING or deadline.wait(0.02):
            break
    world.cancel(run)
    worker.join(10)
    assert not worker.is_alive()
    assert world.statuses(run) == [Status.UNKNOWN, Status.PENDING]
    assert world.see(run).status is Status.CANCELLED


def test_a_cancel_between_two_steps_starts_no_further_one(world: CoreWorld, target: Target) -> None:
    """It commits while the worker is outside; the worker meets it at its next checkpoint."""
    run = world.begin(
        f"- {{id: first, type: http, method: POST, url: {target.url}/1}}\n"
        f"- {{id: second, type: http, method: POST, url: {target.url}/2}}\n"
    )
    target.during["/1"] = lambda: world.cancel(run)
    world.work()
    assert target.paths() == ["/1"]
    assert world.see(run).status is Status.CANCELLED
    assert world.statuses(run) == [Status.SUCCEEDED, Status.PENDING]
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, run)
        assert (row.worker, row.wake_at) == (None, None)


def test_a_cancel_before_an_act_in_our_own_database_undoes_it(world: CoreWorld, target: Target) -> None:
    run = world.begin(f"- {{id: first, type: http, url: {target.url}/1}}\n" + SAY)
    target.during["/1"] = lambda: world.cancel(run)
    world.work()
    assert world.statuses(run) == [Status.SUCCEEDED, Status.PENDING]
    assert notices(world, "message") == []


def test_a_cancel_whose_worker_died_ends_when_the_lease_does(world: CoreWorld) -> None:
    run = world.begin(SAY)
    with world.unit_of_work.begin() as work:
        assert lease.claim(work.session, RUNBOOK, run, "dead", world.clock)
    world.cancel(run)
    assert world.see(run).status is Status.PENDING
    world.pass_by(seconds=5)
    assert world.see(run).status is Status.PENDING
    world.pass_by(seconds=6)
    assert world.see(run).status is Status.CANCELLED


def test_an_executor_that_finds_nothing_due_does_nothing(world: CoreWorld) -> None:
    run = world.begin(GATE)
    world.work()
    before = world.see(run)
    new_executor(world.unit_of_work, worker="other").run(RUNBOOK, run)
    new_executor(world.unit_of_work, worker="other").run(RUNBOOK, "rbx_missing")
    assert world.see(run) == before
