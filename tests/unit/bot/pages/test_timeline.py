"""A run drawn to scale."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.pages.runs.timeline import MOST_TICKS, NARROWEST, WIDTH, Bar, clock, timeline
from core.statuses import GateStatus, Status
from core.views.executions import ApprovalView, ExecutionView, StepView
from tests.unit.bot.cards.building import execution

START = datetime(2026, 1, 31, 3, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def step(name: str, status: Status, start: float | None, end: float | None, **more: object) -> StepView:
    times = [at(each) if each is not None else None for each in (start, end)]
    given: dict[str, object] = {"type": "http", "attempt": 1, "error": None, **more}
    return StepView(id=name, status=status, started_at=times[0], finished_at=times[1], **given)


def gate(opened: float, closed: float | None, status: GateStatus) -> ApprovalView:
    return ApprovalView(
        id="apr_1", execution_id="rbx_1", step="gate", status=status, approvers="", people=[], count=1,
        requester="U0BOB", message="", decisions=[], opened_at=at(opened), expires_at=None,
        closed_at=at(closed) if closed is not None else None,
    )  # fmt: skip


def run(steps: list[StepView], end: float | None = None, **more: object) -> ExecutionView:
    times = {"created_at": at(0), "started_at": at(0), "finished_at": at(end) if end is not None else None}
    return execution().model_copy(update={"steps": steps, **times, "approval": None, **more})


def bars(view: ExecutionView, now: float = 100) -> dict[str, Bar]:
    return {bar.label: bar for bar in timeline(view, {}, at(now)).bars}


def test_steps_stand_where_their_times_are() -> None:
    found = bars(run([step("a", Status.SUCCEEDED, 0, 25), step("b", Status.FAILED, 25, 100)], end=100))
    assert [(each.x, each.width, each.kind) for each in found["a"].segments] == [(0, 25, "succeeded")]
    assert [(each.x, each.width, each.kind) for each in found["b"].segments] == [(25, 75, "failed")]


def test_what_goes_on_reaches_to_now_and_what_has_not_begun_is_not_drawn() -> None:
    found = bars(run([step("a", Status.RUNNING, 40, None), step("b", Status.PENDING, None, None)]), now=80)
    [segment] = found["a"].segments
    assert (segment.x, segment.x + segment.width) == (50, WIDTH)
    assert found["b"].segments == ()


def test_a_gate_that_was_asked_twice_has_two_parts() -> None:
    asked = [gate(0, 20, GateStatus.VOID)]
    steps = [step("gate", Status.WAITING, 0, None, type="approval")]
    found = bars(run(steps, approval=gate(60, None, GateStatus.OPEN), past_approvals=asked))
    assert [(each.x, each.width, each.kind) for each in found["gate"].segments] == [
        (0, 20, "gate void"),
        (60, 40, "gate"),
    ]
    assert found["gate"].note == "asked 2 times"


def test_what_took_no_time_is_still_to_be_seen_within_the_drawing() -> None:
    found = bars(run([step("a", Status.SUCCEEDED, 100, 100)], end=100))
    [segment] = found["a"].segments
    assert segment.width == NARROWEST
    assert segment.x + segment.width == WIDTH


def test_child_runs_stand_below_their_step_and_a_wait_for_a_worker_is_drawn_first() -> None:
    child = run([], end=30).model_copy(update={"id": "rbx_2", "child_name": "db-3", "started_at": at(10)})
    view = run([step("each", Status.RUNNING, 5, None, type="runbook")], started_at=at(5))
    found = timeline(view, {"each": [child]}, at(100)).bars
    assert [bar.label for bar in found] == ["Waiting for a worker", "each", "db-3"]
    assert [(bar.level, bar.child) for bar in found] == [(0, ""), (0, ""), (1, "rbx_2")]
    assert (found[2].segments[0].x, found[2].segments[0].width) == (10, 20)


def test_a_step_that_was_carried_over_or_tried_again_says_so() -> None:
    found = bars(run([
        step("a", Status.SUCCEEDED, -50, -40, carried_over=True), step("b", Status.RUNNING, 0, None, attempt=3)
    ]))  # fmt: skip
    assert (found["a"].segments, found["a"].note) == ((), "done in the run that this one continues")
    assert found["b"].note == "attempt 3"


@pytest.mark.parametrize("seconds", [0.2, 1, 7, 61, 600, 5000, 90_000, 4_000_000, 400_000_000])
def test_ticks_are_few_and_round(seconds: float) -> None:
    drawn = timeline(run([], end=seconds), {}, at(seconds))
    assert 1 <= len(drawn.ticks) <= MOST_TICKS + 1
    assert drawn.ticks[0].text == "0:00"
    assert all(0 <= tick.x <= WIDTH for tick in drawn.ticks)


def test_a_run_of_the_future_is_drawn_all_the_same() -> None:
    """The clock of the process that draws it may be behind the database's."""
    drawn = timeline(run([step("a", Status.RUNNING, 5, None)], started_at=None), {}, at(-10))
    assert all(each.x >= 0 and each.x + each.width <= WIDTH for bar in drawn.bars for each in bar.segments)


def test_clock() -> None:
    assert [clock(each) for each in (5, 750, 7200)] == ["0:05", "12:30", "2:00:00"]
