"""What is Jenkins' own: the queue before the build, and an item that it forgets."""

import base64

from core.statuses import Status
from tests.integration.core.systems.conftest import TOKEN, Runs
from tests.systems.jenkins import Jenkins


def test_it_is_built_with_its_parameters_as_the_user(runs: Runs, jenkins: Jenkins) -> None:
    runs.work(jenkins.step())

    assert jenkins.jobs[0]["form"] == {"CLUSTER": "orders", "RUNBOOK_KEY": f"{runs.id}.deploy.1"}
    basic = jenkins.calls[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(basic).decode() == f"runbook:{TOKEN}"


def test_it_is_followed_from_the_queue_to_the_build(runs: Runs, jenkins: Jenkins) -> None:
    jenkins.has_executors = False
    runs.work(jenkins.step())
    runs.pass_by(times=2)
    assert str(runs.step().error).startswith("Jenkins: queued http")

    jenkins.has_executors = True
    runs.pass_by()
    assert str(runs.step().error).startswith(
        "Jenkins: building http://jenkins.invalid/job/orders/job/deploy/1/"
    )
    jenkins.end()
    runs.pass_by()
    assert runs.run().status is Status.SUCCEEDED


def test_addresses_that_jenkins_gives_are_shown_and_not_called(runs: Runs, jenkins: Jenkins) -> None:
    """They come from its configuration: another host, where our token has no business."""
    runs.work(jenkins.step())
    jenkins.end()
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert {call.headers["host"] for call in jenkins.calls} == {jenkins.url.removeprefix("http://")}


def test_an_item_that_the_queue_forgot_is_known_by_its_build(runs: Runs, jenkins: Jenkins) -> None:
    jenkins.has_executors = False
    runs.work(jenkins.step())
    jenkins.has_executors = jenkins.forgets = True
    runs.pass_by()
    jenkins.end()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert len(jenkins.jobs) == 1


def test_it_is_found_in_the_queue(runs: Runs, jenkins: Jenkins) -> None:
    jenkins.has_executors = False
    runs.lose_worker(jenkins.step(), "effect.after")
    assert str(runs.step().error).startswith("Jenkins: queued")
    jenkins.has_executors = True
    jenkins.end()
    runs.pass_by(times=3)

    assert runs.run().status is Status.SUCCEEDED
    assert len(jenkins.jobs) == 1


def test_what_waits_in_the_queue_is_cancelled_there(runs: Runs, jenkins: Jenkins) -> None:
    jenkins.has_executors = False
    runs.work(jenkins.step("timeout: 30s\n      cancel: true"))
    runs.pass_by(times=3)

    assert jenkins.cancelled == ["queue/101"]


def test_an_unstable_build_may_be_a_success(runs: Runs, jenkins: Jenkins) -> None:
    runs.work(jenkins.step("expect: job.result in ['SUCCESS', 'UNSTABLE']"))
    jenkins.jobs[0] |= {"building": False, "result": "UNSTABLE"}
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
