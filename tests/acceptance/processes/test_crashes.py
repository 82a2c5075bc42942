"""Processes die, Redis forgets, Slack is in trouble: a run goes on, repeats nothing, and says how it ended."""

from collections.abc import Iterator

import pytest
from redis import Redis

from cli.demo.stage import REQUESTER
from cli.up import WORKERS
from core.services.operations.monitoring import count_undelivered
from core.statuses import Status, WaitingFor
from tests.acceptance.processes.theatre import AFTER, BEFORE, RESTART, Theatre
from workers.job_queue import QUEUE

pytestmark = pytest.mark.timeout(240)  # leases are waited for, on a machine that has other things to do
VERDICTS = ["verdict.ran", "verdict.did_not_run", "verdict.run_again"]


@pytest.fixture
def redis(theatre: Theatre) -> Iterator[Redis]:
    """The one that the processes use."""
    assert theatre.stage.settings.redis_url is not None
    with Redis.from_url(theatre.stage.settings.redis_url) as connection:
        yield connection


def killed_inside_the_restart(theatre: Theatre, channel: str, runbook: str) -> str:
    """A run whose worker was killed while the target worked on its second step."""
    theatre.slow_down(RESTART, seconds=15)
    execution_id = theatre.run(channel, runbook)
    theatre.until("the restart's request", lambda: RESTART in theatre.paths(execution_id))
    theatre.kill_workers()
    return execution_id


def test_workers_killed_between_two_steps_repeat_none_of_them(theatre: Theatre) -> None:
    channel = theatre.open_incident("killed between steps")
    execution_id = theatre.run(channel, "with-a-pause")
    theatre.until("the pause", lambda: theatre.see(execution_id).waiting_for is WaitingFor.TIMER)
    theatre.kill_workers()
    assert "succeeded" in theatre.outcome(channel)["text"]
    assert theatre.paths(execution_id) == [BEFORE, AFTER]


def test_a_worker_killed_inside_a_step_leaves_a_question_and_the_answer_finishes_the_run(
    theatre: Theatre,
) -> None:
    channel = theatre.open_incident("killed inside a step")
    execution_id = killed_inside_the_restart(theatre, channel, "with-a-restart")

    [question] = theatre.until("the question", lambda: theatre.cards(channel, "verdict"))
    asked = theatre.see(execution_id)
    assert (asked.status, asked.waiting_for) == (Status.WAITING, WaitingFor.VERDICT)
    assert [step.status for step in asked.steps] == [Status.SUCCEEDED, Status.UNKNOWN, Status.PENDING]
    buttons = [element for block in question["blocks"] for element in block.get("elements", [])]
    assert [element["action_id"] for element in buttons if "action_id" in element] == VERDICTS

    theatre.sandbox.press(REQUESTER, channel, question, "verdict.ran")
    assert "succeeded" in theatre.outcome(channel)["text"]
    assert theatre.paths(execution_id) == [BEFORE, RESTART, AFTER]
    assert [step.status for step in theatre.see(execution_id).steps] == [Status.SUCCEEDED] * 3


def test_a_worker_killed_inside_a_safe_step_repeats_that_step_alone_with_the_same_key(
    theatre: Theatre,
) -> None:
    channel = theatre.open_incident("killed inside a safe step")
    execution_id = killed_inside_the_restart(theatre, channel, "with-a-safe-restart")
    assert "succeeded" in theatre.outcome(channel)["text"]
    assert theatre.paths(execution_id) == [BEFORE, RESTART, RESTART, AFTER]
    keys = [key for path, key in theatre.calls(execution_id) if path == RESTART]
    assert len(set(keys)) == 1
    assert theatre.cards(channel, "verdict") == []


def test_the_outcome_arrives_once_however_slack_answers_for_a_while(theatre: Theatre) -> None:
    channel = theatre.open_incident("slack in trouble")
    theatre.play(
        {"method": "chat.postMessage", "kind": "ratelimited", "times": 2, "retry_after": 2},
        {"method": "chat.postMessage", "kind": "status", "status": 500, "times": 2},
        {"method": "chat.postMessage", "kind": "reset_after_accept", "skip": 1},
    )
    execution_id = theatre.run(channel, "with-a-restart")
    outcome = theatre.outcome(channel)
    assert outcome["metadata"]["event_payload"]["execution_id"] == execution_id
    assert "succeeded" in outcome["text"]
    theatre.until(
        "the headline's end",
        lambda: "succeeded" in theatre.cards(channel, "headline")[0]["text"],
    )
    theatre.until("all faults to have been met", lambda: not theatre.faults_left())
    theatre.until("every message", lambda: owed(theatre) == 0)
    cards = {kind: len(theatre.cards(channel, kind)) for kind in ("incident", "headline", "outcome")}
    assert cards == {"incident": 1, "headline": 1, "outcome": 1}


def owed(theatre: Theatre) -> int:
    with theatre.unit_of_work.begin() as work:
        return count_undelivered(work)


def test_a_redis_that_forgot_everything_delays_a_run_and_loses_none(theatre: Theatre, redis: Redis) -> None:
    theatre.until("two workers", lambda: len(redis.smembers("rq:workers")) >= WORKERS)
    channel = theatre.open_incident("redis forgets")
    theatre.slow_down(RESTART, seconds=8, times=WORKERS)
    busy = [theatre.run(channel, "with-a-restart") for _ in range(WORKERS)]
    theatre.until(
        "both workers to be busy",
        lambda: all(RESTART in theatre.paths(execution_id) for execution_id in busy),
    )
    forgotten = theatre.run(channel, "with-a-restart")
    theatre.until("the ring", lambda: redis.llen(f"rq:queue:{QUEUE}"))
    redis.flushall()

    theatre.until("the outcomes", lambda: len(theatre.cards(channel, "outcome")) == len(busy) + 1)
    for execution_id in (*busy, forgotten):
        assert theatre.see(execution_id).status is Status.SUCCEEDED
        assert theatre.paths(execution_id) == [BEFORE, RESTART, AFTER]
