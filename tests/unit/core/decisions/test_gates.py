"""Which approval covers a step, what a gate shows, and what its digest binds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from core.decisions.gates import (
    asked_again,
    covering_gates,
    covers_retry,
    digest_of,
    known_steps,
    steps_behind,
)
from core.statuses import Status, WaitingFor
from core.values.execution import ApprovalVoided, GateOutdated, Json, Step, StepPolicy, VerdictGiven
from tests.unit.core.decisions.building import NOW, after, at_gate, in_doubt, pending, statuses

S, P, K = Status.SUCCEEDED, Status.PENDING, Status.SKIPPED


def steps(words: str) -> Sequence[Step]:
    """Build steps: `g+` an approved gate, `g-` a skipped one, `g.` one not reached; `s` for other steps."""
    marks = {"+": S, "-": K, ".": P}
    types = {"g": "approval", "s": "http"}
    return tuple(Step(f"s{i}", types[w[0]], status=marks[w[1]]) for i, w in enumerate(words.split()))


@pytest.mark.parametrize(
    ("words", "position", "gates"),
    [
        ("s+ s.", 1, ()),
        ("g+ s.", 1, (0,)),
        ("g+ s+ s.", 2, (0,)),
        ("g+ s+ g+ s.", 3, (2,)),
        ("g+ g+ s.", 2, (0, 1)),
        ("s+ g+ g+ s+ s.", 4, (1, 2)),
        ("g+ s+ g- s.", 3, (0, 2)),
        ("g+ g+ s+ g- g- s.", 5, (0, 1, 3, 4)),
        ("g+ s+ g+ g- s.", 4, (2, 3)),
        ("g- s.", 1, (0,)),
    ],
)
def test_a_step_has_the_approval_of_the_last_gate_that_was_passed(
    words: str, position: int, gates: tuple[int, ...]
) -> None:
    assert covering_gates(steps(words), position) == gates


@pytest.mark.parametrize(
    ("words", "position", "sure", "behind"),
    [
        ("s+ g. s. s.", 1, {1}, (2, 3)),
        ("g. s. g. s.", 0, {0, 2}, (1,)),
        ("g. s. g. s.", 0, {0}, (1, 2, 3)),
        ("g. g. s. g. s.", 0, {0, 1, 3}, (1, 2)),
        ("g. s+ s.", 0, {0}, (2,)),
        ("g.", 0, {0}, ()),
    ],
)
def test_a_gate_shows_what_runs_up_to_the_next_one_that_is_sure_to_ask(
    words: str, position: int, sure: set[int], behind: tuple[int, ...]
) -> None:
    assert steps_behind(steps(words), position, sure) == behind


def test_known_is_what_was_over_when_the_gate_was_opened() -> None:
    of_retry = steps("s+ g. s+ s. s. g. s.")
    assert known_steps(of_retry, 1, ["s3", "s4"]) == {"s0", "s2"}
    assert known_steps(steps("s+ g."), 1, []) == {"s0"}


def test_a_gate_covers_a_retry_as_long_as_its_definition_says() -> None:
    gate = Step("gate", "approval", StepPolicy(covers_for=timedelta(minutes=30)), S, finished_at=NOW)
    assert covers_retry(gate, NOW + timedelta(minutes=29, seconds=59))
    assert not covers_retry(gate, NOW + timedelta(minutes=30))
    assert not covers_retry(Step("gate", "approval", StepPolicy(), S, finished_at=NOW), NOW)
    assert not covers_retry(asked_again(gate, "Why not"), NOW)


def test_what_runs_again_by_a_verdict_is_asked_for_again() -> None:
    doubtful = in_doubt()
    gate = Step("gate", "approval", status=S, attempt=1, finished_at=NOW, output={"approved_by": "<@U1>"})
    behind = replace(doubtful, steps=(gate, *doubtful.steps))
    run = after(behind, VerdictGiven("run_again", "<@U2>"))
    assert statuses(run)[:2] == [P, P]
    assert (run.steps[0].output, run.steps[0].error) == (None, "<@U2> requested that step step-0 run again.")
    assert statuses(after(behind, VerdictGiven("ran", "<@U2>")))[:2] == [S, S]


def test_an_open_gate_that_is_out_of_date_is_asked_anew() -> None:
    waiting = at_gate()
    again = after(waiting, GateOutdated("It shows nothing."))
    assert (again.waiting_for, again.status, again.wake_at) == (None, Status.RUNNING, NOW)
    assert (again.steps[0].status, again.steps[0].error) == (P, "It shows nothing.")
    assert after(pending(), GateOutdated("It shows nothing.")) == pending()
    assert waiting.waiting_for is WaitingFor.APPROVAL


def test_nothing_is_voided_where_no_worker_has_the_run() -> None:
    assert after(at_gate(), ApprovalVoided("otherwise")) == at_gate()


def test_the_digest_binds_each_of_its_parts_and_no_order_of_keys() -> None:
    request: dict[str, Json] = {"url": "https://x", "method": "POST"}
    shown: list[Json] = [{"step": "promote", "request": request}]
    same = digest_of("rbk_1", 1, {"a": 1, "b": 2}, shown)
    turned: list[Json] = [{"request": {"method": "POST", "url": "https://x"}, "step": "promote"}]
    assert same == digest_of("rbk_1", 1, {"b": 2, "a": 1}, turned)
    others = {
        digest_of("rbk_2", 1, {"a": 1, "b": 2}, shown),
        digest_of("rbk_1", 2, {"a": 1, "b": 2}, shown),
        digest_of("rbk_1", 1, {"a": 1, "b": 3}, shown),
        digest_of("rbk_1", 1, {"a": 1, "b": 2}, []),
    }
    assert len(others | {same}) == 5
    assert len(same) == 64
