"""What the log tells of an execution, with run, incident and request in each line."""

import structlog
from structlog.contextvars import bound_contextvars
from structlog.testing import capture_logs

from core.services.executions.loading import LEASE
from core.tables import RunbookExecution
from tests.integration.core.execution.test_leases import SAY, claim, row_of
from tests.integration.core.world import CoreWorld

WAIT = "- {id: pause, type: wait, for: 1m}\n"
MERGE = [structlog.contextvars.merge_contextvars]


def begin(world: CoreWorld, steps: str) -> RunbookExecution:
    with bound_contextvars(request_id="req_1234"):
        return row_of(world, world.begin(steps))


def test_a_run_that_waits_and_ends_has_a_line_for_each_moment(world: CoreWorld) -> None:
    run = begin(world, WAIT + SAY)
    with capture_logs(processors=MERGE) as logs:
        world.work()
        world.pass_by(seconds=61)
    told = [each for each in logs if each.get("execution") == run.id]
    assert [each["event"] for each in told] == ["claimed", "waits", "claimed", "ended"]
    assert {each["request_id"] for each in told} == {"req_1234"}
    assert {each["incident"] for each in told} == {run.incident_id}
    assert (told[1]["waits_for"], told[3]["status"]) == ("timer", "succeeded")


def test_a_loss_is_told_by_who_takes_over(world: CoreWorld) -> None:
    run = begin(world, SAY)
    claim(world, run.id)
    with capture_logs(processors=MERGE) as logs:
        world.pass_by(seconds=LEASE.total_seconds() + 1)
    told = [each["event"] for each in logs if each.get("execution") == run.id]
    assert "taken over from a lost worker" in told
    assert told[-1] == "ended"


def test_nothing_of_a_run_stays_bound_after_it(world: CoreWorld) -> None:
    begin(world, SAY)
    world.work()
    assert structlog.contextvars.get_contextvars() == {}


def test_what_nobody_asked_for_has_no_request(world: CoreWorld) -> None:
    assert row_of(world, world.begin(SAY)).request_id is None
