"""Steps that look again: the worker is free between two looks, and a look is never a question to people."""

import pytest
from sqlalchemy import text

from core.definitions.validate import validate_text
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import LEASE
from core.statuses import Status, WaitingFor
from tests.integration.core.world import CoreWorld
from tests.world import Target


def poll(target: Target, **values: object) -> str:
    """A step that reads the target every 10 s for a minute, until it is healthy; `values` are fields of `poll`."""
    fields = ", ".join(f"{name}: {value}" for name, value in ({"every": "10s", "for": "1m"} | values).items())
    return f"""
    - id: healthy
      type: http
      url: {target.url}/health
      save: {{state: response.json.state}}
      poll: {{{fields}}}
    """


UNTIL = "'saved.state == \"ready\"'"


def test_it_looks_until_it_is_so_and_the_worker_is_free_meanwhile(world: CoreWorld, target: Target) -> None:
    target.bodies["/health"] = b'{"state": "starting"}'
    run = world.begin(poll(target, until=UNTIL))
    world.work()

    waiting = world.see(run)
    assert (waiting.status, waiting.waiting_for) == (Status.WAITING, WaitingFor.TIMER)
    assert world.step(run).error == 'Not true yet: saved.state == "ready"'
    assert world.step(run).output == {"status": 200, "body": '{"state": "starting"}'}

    world.pass_by(seconds=10)
    target.bodies["/health"] = b'{"state": "ready"}'
    world.pass_by(seconds=10)

    assert target.paths() == ["/health"] * 3
    assert world.see(run).status is Status.SUCCEEDED
    step = world.step(run)
    assert (step.attempt, step.error) == (1, None)


def test_what_answers_badly_is_looked_at_again(world: CoreWorld, target: Target) -> None:
    """A service that restarts answers 503, or nothing at all, before it is healthy."""
    target.answers["/health"] = 503
    run = world.begin(poll(target))
    world.work()
    assert world.see(run).waiting_for is WaitingFor.TIMER
    assert str(world.step(run).error).startswith("Answered 503")

    target.answers["/health"] = 200
    target.bodies["/health"] = b'{"state": "ready"}'
    world.pass_by(seconds=10)
    assert world.see(run).status is Status.SUCCEEDED


def test_its_time_ends(world: CoreWorld, target: Target) -> None:
    target.answers["/health"] = 503
    run = world.begin(poll(target))
    world.work()
    for _ in range(10):
        world.pass_by(seconds=10)

    assert world.see(run).status is Status.FAILED
    assert str(world.step(run).error).startswith("Not true within 1 min (6 checks). Answered 503")
    assert len(target.calls) == 6


def test_a_worker_lost_in_a_look_asks_nobody(world: CoreWorld, target: Target) -> None:
    target.answers["/health"] = 503
    run = world.begin(poll(target))
    world.work()
    with (
        world.unit_of_work.engine.begin() as connection
    ):  # as a worker leaves it that dies within the second look
        lost = "UPDATE runbook_executions SET status = 'running', waiting_for = NULL, worker = 'dead', wake_at = :until"
        connection.execute(text(lost), {"until": world.clock.now() + LEASE})
        connection.execute(text("UPDATE step_executions SET status = 'running', error = NULL"))
    target.answers["/health"] = 200
    target.bodies["/health"] = b'{"state": "ready"}'

    world.clock.pass_by(seconds=LEASE.total_seconds() + 1)
    world.executor.run(RUNBOOK, run)

    assert world.see(run).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            "{id: a, type: http, method: POST, url: 'https://x.example', poll: {}}",
            "Only a step that can safely be",
        ),
        ("{id: a, type: message, text: hi, poll: {}}", "A step of type message reads nothing outside"),
        (
            "{id: a, type: http, url: 'https://x.example', poll: {every: 10ms}}",
            "The duration must be at least 1s",
        ),
        (
            "{id: a, type: http, url: 'https://x.example', poll: {until: nothing.here}}",
            "nothing is not known here",
        ),
        (
            "{id: a, type: http, url: 'https://x.example', poll: {until: '1 + 1'}}",
            "A condition must be true or false",
        ),
    ],
)
def test_a_poll_that_cannot_be_is_refused(step: str, sentence: str) -> None:
    _, found = validate_text(f"kind: runbook\nname: a\nteam: web\nsteps:\n  - {step}\n", file="a.yaml")

    assert any(sentence in str(problem) for problem in found), [str(problem) for problem in found]
