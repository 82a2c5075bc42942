"""A restored copy of the database: how it is detected, and what happens to the runs that were under way in it."""

from dataclasses import replace

import pytest

from core.decisions.freeze import FreezeInForce, begun_words
from core.decisions.installation import Happened, Place, what_happened
from core.decisions.settling import RESTORED
from core.statuses import Status, WaitingFor
from core.values.execution import Claimed, Execution, StepPrepared, Succeeded, VerdictGiven
from tests.unit.core.decisions.building import SAFE, UNASKED, after, ended, pending, started, statuses

HERE = Place("7713/16384/16400", "00000001")


def restored(execution: Execution) -> Execution:
    """The execution as in the copy: everything that was not over may have been done."""
    steps = [replace(step, maybe_done=step.finished_at is None) for step in execution.steps]
    return replace(execution, steps=tuple(steps), frozen=True)


def thawed(execution: Execution) -> Execution:
    return replace(execution, frozen=False)


@pytest.mark.parametrize(
    ("present", "mark", "witnessed", "happened"),
    [
        (HERE, 5, None, Happened.NOTHING),
        (HERE, 5, 4, Happened.NOTHING),
        (HERE, 5, 5, Happened.NOTHING),
        (HERE, 5, 6, Happened.SET_BACK),
        (Place("7999/16384/16400", "00000001"), 5, None, Happened.COPIED),
        (Place("7713/16999/16400", "00000001"), 5, 5, Happened.COPIED),
        (Place("7713/16384/17001", "00000001"), 5, 5, Happened.COPIED),
        (Place(HERE.identity, "00000002"), 5, None, Happened.SET_BACK),
        (Place(HERE.identity, "00000002"), 5, 6, Happened.SET_BACK),
        (Place(HERE.identity, "00000002"), 5, 5, Happened.TAKEN_OVER),
    ],
)
def test_what_became_of_the_database(
    present: Place, mark: int, witnessed: int | None, happened: Happened
) -> None:
    assert what_happened(HERE, present, mark, witnessed) is happened


def test_only_a_copy_and_a_moment_of_the_past_are_restores() -> None:
    assert [each for each in Happened if each.is_restore] == [Happened.COPIED, Happened.SET_BACK]


def test_the_step_that_was_under_way_is_asked_about_though_everything_is_frozen() -> None:
    asked = after(restored(started()), Claimed())

    assert (asked.waiting_for, asked.steps[0].status) == (WaitingFor.VERDICT, Status.UNKNOWN)
    assert asked.steps[0].error == RESTORED


def test_a_step_that_was_not_begun_is_asked_about_with_what_it_would_send() -> None:
    asked = after(restored(pending()), Claimed(), StepPrepared({"url": "x"}))

    [step, _] = asked.steps
    assert (asked.waiting_for, step.status, step.request) == (
        WaitingFor.VERDICT,
        Status.UNKNOWN,
        {"url": "x"},
    )
    assert step.attempt == 1


def test_each_step_that_must_not_be_repeated_is_asked_about_once() -> None:
    asked = after(restored(pending()), Claimed(), StepPrepared({}))
    first = thawed(after(asked, VerdictGiven("ran", "U0OPS")))
    second = after(first, Claimed(), StepPrepared({}))
    assert statuses(second) == [Status.SUCCEEDED, Status.UNKNOWN]

    again = after(second, VerdictGiven("run_again", "U0OPS"), Claimed(), StepPrepared({}))
    assert statuses(again) == [Status.SUCCEEDED, Status.RUNNING]


def test_a_step_that_was_to_run_again_when_the_copy_was_taken_is_asked_about_once_more() -> None:
    to_run_again = after(started(), Claimed(), VerdictGiven("run_again", "U0OPS"))
    assert to_run_again.steps[0].status is Status.PENDING

    asked = after(restored(to_run_again), Claimed(), StepPrepared({}))

    assert asked.waiting_for is WaitingFor.VERDICT


def test_a_safe_step_is_held_by_the_freeze_and_then_goes_on_unasked() -> None:
    held = after(restored(started(SAFE)), Claimed())
    assert held.waiting_for is WaitingFor.FREEZE

    done = after(thawed(held), Claimed(), StepPrepared({}), ended(Succeeded()))
    assert done.status is Status.SUCCEEDED


def test_after_the_answer_the_run_is_held_by_the_freeze() -> None:
    asked = after(restored(pending(SAFE, SAFE)), Claimed())
    assert asked.waiting_for is WaitingFor.FREEZE
    answered = after(restored(started()), Claimed(), VerdictGiven("run_again", "U0OPS"), Claimed())
    assert answered.waiting_for is WaitingFor.FREEZE


def test_where_nobody_can_be_asked_it_ends_and_says_why() -> None:
    over = after(restored(pending(UNASKED)), Claimed(), StepPrepared({}))

    assert (over.status, over.steps[0].status) == (Status.FAILED, Status.UNKNOWN)
    assert RESTORED in (over.error or "")


def test_what_began_after_the_restore_is_asked_nothing() -> None:
    assert after(pending(), Claimed(), StepPrepared({})).steps[0].status is Status.RUNNING


@pytest.mark.parametrize(("by", "named"), [("U0ADMIN", "<@U0ADMIN>"), ("system", "the system")])
def test_who_froze_is_mentioned_where_that_is_a_person(by: str, named: str) -> None:
    assert f"is frozen by {named}: " in begun_words(FreezeInForce(None, "restored", by))
