"""Simultaneous actions of several people and of time: any order ends consistently."""

from itertools import permutations

import pytest

from core.statuses import Status
from core.values.execution import (
    CancelRequested,
    Claimed,
    Event,
    Execution,
    Failed,
    GateDecided,
    Succeeded,
    Uncertain,
    VerdictGiven,
)
from tests.unit.core.decisions.building import NOW, after, at_gate, ended, in_doubt, started, statuses

EXPIRE, APPROVE, REJECT = Claimed(), GateDecided(True, "<@U1>"), GateDecided(False, "<@U2>")
CANCEL = CancelRequested("<@U3>", worker_active=False)
AT_THE_GATE = {EXPIRE: Status.TIMED_OUT, APPROVE: None, REJECT: Status.FAILED, CANCEL: Status.CANCELLED}


@pytest.mark.parametrize("order", list(permutations(AT_THE_GATE)))
def test_at_a_gate_the_first_decides(order: tuple[Event, ...]) -> None:
    execution = at_gate()
    assert execution.wake_at
    alone = AT_THE_GATE[order[0]]
    over = after(execution, *order, now=execution.wake_at)
    if alone is not None:
        assert over.status is alone
        assert over == after(execution, order[0], now=execution.wake_at)
    else:
        assert over.steps[0].status is Status.SUCCEEDED
        assert over.status is Status.CANCELLED


@pytest.mark.parametrize("order", list(permutations(["ran", "did_not_run", "run_again"])))
def test_of_several_verdicts_the_first_counts(order: tuple[str, ...]) -> None:
    given = [VerdictGiven(answer, f"<@{answer}>") for answer in order]
    assert after(in_doubt(), *given) == after(in_doubt(), given[0])


@pytest.mark.parametrize("answer", ["ran", "did_not_run", "run_again"])
def test_a_cancel_and_a_verdict_start_nothing(answer: str) -> None:
    verdict = VerdictGiven(answer, "<@U1>")
    cancel_first = after(in_doubt(), CANCEL, verdict, Claimed())
    verdict_first = after(in_doubt(), verdict, CANCEL, Claimed())
    assert cancel_first.status is Status.CANCELLED
    assert verdict_first.status in {Status.CANCELLED, Status.FAILED}
    assert Status.RUNNING not in [*statuses(cancel_first), *statuses(verdict_first)]


@pytest.mark.parametrize("result", [Succeeded(), Failed("no"), Uncertain("?")])
def test_a_cancel_and_the_end_of_a_step_end_the_execution(result: Succeeded | Failed | Uncertain) -> None:
    stop = CancelRequested("<@U3>", worker_active=True)

    def over(*events: Event) -> Execution:
        return after(started(), *events, now=NOW)

    assert over(stop, ended(result)).status is Status.CANCELLED
    end_first = over(ended(result), CANCEL)
    assert end_first.status in {Status.CANCELLED, Status.FAILED}
    assert (end_first.status is Status.FAILED) == isinstance(result, Failed)
