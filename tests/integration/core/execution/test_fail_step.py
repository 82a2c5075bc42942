"""The step `fail`, in a real run."""

from core.statuses import Status
from tests.integration.core.world import CoreWorld
from tests.world import Target

FIRST = """
- {{id: task, type: http, url: "{url}/do", on_failure: continue}}
- {{id: undo, type: http, method: POST, url: "{url}/undo", if: steps.task.status == "failed"}}
- id: ended
  type: fail
  if: steps.task.status == "failed"
  message: "Undone, for the task said: {{{{ steps.task.error }}}}"
- {{id: after, type: message, text: never}}
"""


def test_a_run_cleans_up_and_fails_all_the_same(world: CoreWorld, target: Target) -> None:
    target.answers["/do"] = 500
    run = world.begin(FIRST.format(url=target.url))
    world.work()

    assert world.statuses(run) == [Status.FAILED, Status.SUCCEEDED, Status.FAILED, Status.PENDING]
    seen = world.see(run)
    assert seen.status is Status.FAILED
    said = "Undone, for the task said: Answered 500; expected response.status < 400"
    assert (seen.error, world.step(run, 2).error) == (f"Step ended: {said}", said)
    assert [path for _, path, _ in target.calls] == ["/do", "/undo"]


def test_what_does_not_hold_fails_nothing(world: CoreWorld, target: Target) -> None:
    run = world.begin(FIRST.format(url=target.url))
    world.work()
    assert world.statuses(run)[2:] == [Status.SKIPPED, Status.SUCCEEDED]
    assert world.see(run).status is Status.SUCCEEDED
