"""Finally steps on a real database: they run after every end, and a cancel does not stop them."""

import threading

import pytest

from core.definitions.validate import validate_text
from core.errors import AlreadyDone
from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK
from core.services.runs.retries import retry
from core.statuses import Status, WaitingFor
from tests.integration.core.world import CoreWorld, SilentTarget
from tests.world import Target, apply_documents, start_run

LAST = """
finally:
  - {{id: told, type: message, text: "The outcome is {{{{ execution.outcome }}}}."}}
  - {{id: restored, type: http, method: POST, url: "{url}/restore", if: steps.call.status != "pending"}}
"""


def begin(world: CoreWorld, steps: str, url: str) -> str:
    document = f"kind: runbook\nname: tidy\nteam: database\nsteps:\n{steps}{LAST.format(url=url)}"
    apply_documents(world.unit_of_work, document)
    return start_run(world.unit_of_work, world.incident, "tidy")


def call(target: Target) -> str:
    return f'  - {{id: call, type: http, method: POST, url: "{target.url}/do"}}\n'


@pytest.mark.parametrize(("answer", "outcome"), [(200, Status.SUCCEEDED), (500, Status.FAILED)])
def test_they_run_after_success_and_failure_alike(
    world: CoreWorld, target: Target, answer: int, outcome: Status
) -> None:
    target.answers["/do"] = answer
    run = begin(world, call(target), target.url)
    world.work()

    ended = world.see(run)
    assert (ended.status, ended.outcome) == (outcome, outcome)
    assert target.paths() == ["/do", "/restore"]
    assert ended.steps[1].output == {"text": f"The outcome is {outcome.value}."}
    assert [step.in_finally for step in ended.steps] == [False, True, True]


def test_they_run_after_a_cancel_that_stopped_a_step(world: CoreWorld, target: Target) -> None:
    """What stopped the step does not stop them: they run under a new claim."""
    steps = "  - {id: call, type: shell, argv: [sleep, '30']}\n"
    run = begin(world, steps, target.url)
    worker = threading.Thread(target=world.work)
    worker.start()
    while world.see(run).steps[0].status is not Status.RUNNING:
        pass
    world.cancel(run)
    worker.join(timeout=20)
    world.work()

    ended = world.see(run)
    assert ended.status is Status.CANCELLED
    assert [step.status for step in ended.steps] == [Status.UNKNOWN, Status.SUCCEEDED, Status.SUCCEEDED]
    assert target.paths() == ["/restore"]


def test_nobody_can_cancel_them(world: CoreWorld, target: Target) -> None:
    steps = "  - {id: gate, type: approval}\n" + call(target)
    run = begin(world, steps, target.url)
    world.work()
    world.decide(run, approved=False)

    with pytest.raises(AlreadyDone, match="already ending as failed"):
        world.cancel(run)
    world.work()
    ended = world.see(run)
    assert (ended.status, ended.error) == (Status.FAILED, "Step gate: Rejected by <@U0DBADMIN>.")
    statuses = [Status.FAILED, Status.PENDING, Status.SUCCEEDED, Status.SKIPPED]
    assert [step.status for step in ended.steps] == statuses


def test_one_that_fails_is_said_and_does_not_change_the_outcome(world: CoreWorld, target: Target) -> None:
    target.answers["/restore"] = 500
    run = begin(world, call(target), target.url)
    world.work()
    ended = world.see(run)
    assert ended.status is Status.SUCCEEDED
    assert ended.steps[2].status is Status.FAILED


def test_a_retry_runs_them_again_at_its_own_end(world: CoreWorld, target: Target) -> None:
    target.answers["/do"] = 500
    run = begin(world, call(target), target.url)
    world.work()
    target.answers["/do"] = 200
    with world.unit_of_work.begin() as work:
        again = retry(work, load_person(work, "U0DBOPS", source="test"), run).id
    world.work()
    assert target.paths() == ["/do", "/restore", "/do", "/restore"]
    assert world.see(again).status is Status.SUCCEEDED


def test_a_worker_that_stops_leaves_them_to_the_next(world: CoreWorld, target: Target) -> None:
    """The worker is told to stop while the last step before them runs."""
    run = begin(world, call(target), target.url)
    target.during["/do"] = world.executor.stopping.set
    world.executor.run(RUNBOOK, run)
    assert (world.see(run).outcome, target.paths()) == (Status.SUCCEEDED, ["/do"])

    world.executor.stopping.clear()
    world.work()
    assert world.see(run).status is Status.SUCCEEDED
    assert target.paths() == ["/do", "/restore"]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("{id: ask, type: approval}", "A finally step cannot wait for people"),
        ("{id: say, type: message, text: again}", "The id say appears twice in steps"),
        ("{id: b, type: message, text: '{{ steps.nothing.status }}'}", "steps has no nothing"),
        ("{id: b, type: message, text: '{{ execution.results }}'}", "execution has no results"),
    ],
)
def test_a_mistake_in_them_is_found(step: str, sentence: str) -> None:
    head = "kind: runbook\nname: a\nteam: web\nsteps:\n  - {id: say, type: message, text: hi}\n"
    _, found = validate_text(f"{head}finally:\n  - {step}\n", file="a.yaml")
    assert any(sentence in str(problem) for problem in found), [str(problem) for problem in found]


def test_the_outcome_is_not_known_before_them() -> None:
    text = "kind: runbook\nname: a\nteam: web\nsteps:\n  - {id: a, type: message, text: '{{ execution.outcome }}'}\n"
    _, found = validate_text(text, file="a.yaml")
    assert "execution has no outcome" in str(found[0])


def test_they_wait_for_a_verdict_until_the_run_has_timed_out(
    world: CoreWorld, target: Target, silent: SilentTarget
) -> None:
    call = f'  - {{id: call, type: http, method: POST, url: "{silent.url}/do"}}\n'
    document = f"kind: runbook\nname: tidy\nteam: database\ntimeout: 1h\nsteps:\n{call}"
    apply_documents(world.unit_of_work, document + LAST.format(url=target.url))
    run = start_run(world.unit_of_work, world.incident, "tidy")
    world.work()
    world.pass_by(minutes=59)
    assert world.see(run).waiting_for is WaitingFor.VERDICT
    assert target.paths() == []

    world.pass_by(minutes=2)
    assert world.see(run).status is Status.TIMED_OUT
    assert target.paths() == ["/restore"]
