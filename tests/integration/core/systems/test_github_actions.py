"""What is GitHub's own: run ids that older servers do not say, pages of runs, inputs."""

from core.statuses import Status
from tests.integration.core.systems.conftest import Runs
from tests.systems.github import GitHub


def test_inputs_are_sent_as_text_with_the_key_among_them(runs: Runs, github: GitHub) -> None:
    runs.work(github.step())

    key = f"{runs.id}.deploy.1"
    assert github.jobs[0]["inputs"] == {"cluster": "orders", "replicas": "3", "runbook_key": key}
    assert github.jobs[0]["ref"] == "main"
    assert github.calls[0].headers["x-github-api-version"] == "2022-11-28"


def test_a_server_that_does_not_say_the_run_is_asked_by_the_key(runs: Runs, github: GitHub) -> None:
    """GitHub Enterprise Server refuses `return_run_details` where it does not know it, and then answers 204."""
    github.is_old = True
    runs.work(github.step())
    assert "does not say as which run" in str(runs.step().error)
    runs.pass_by(times=2)
    github.end()
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert len(github.jobs) == 1


def test_without_a_key_such_a_server_is_a_question(runs: Runs, github: GitHub) -> None:
    github.is_old = True
    runs.work(github.step(keyed=False))

    assert runs.is_asked()
    assert len(github.jobs) == 1


def test_it_is_found_behind_the_runs_of_others(runs: Runs, github: GitHub) -> None:
    github.others = 50
    runs.lose_worker(github.step(), "effect.after")
    github.end()
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert runs.step().output["id"] == "7000"


def test_behind_too_many_it_is_a_question(runs: Runs, github: GitHub) -> None:
    github.others = 200
    runs.lose_worker(github.step(), "effect.after")
    runs.pass_by(times=13)

    assert runs.is_asked()
    assert len(github.jobs) == 1


def test_a_run_that_was_cancelled_there_failed(runs: Runs, github: GitHub) -> None:
    runs.work(github.step())
    github.jobs[0] |= {"status": "completed", "conclusion": "cancelled"}
    runs.pass_by()

    assert str(runs.step().error).startswith("It ended as cancelled. https://github.com/")


def test_a_repository_that_is_none_is_refused(runs: Runs, github: GitHub) -> None:
    runs.work(github.step().replace("example/orders", "example/.."))

    assert runs.run().status is Status.FAILED
    assert "is not a repository" in str(runs.step().error)
    assert github.calls == []
