"""What is AWX' own: a template ignores what it does not prompt for."""

import json

from core.statuses import Status
from tests.integration.core.systems.conftest import Runs
from tests.systems.awx import Awx
from tests.systems.play import Answer


def test_it_is_launched_with_what_the_step_says(runs: Runs, awx: Awx) -> None:
    runs.work(awx.step("limit: db-1"))

    variables = json.loads(awx.jobs[0]["extra_vars"])
    assert variables == {"cluster": "orders", "runbook_key": f"{runs.id}.deploy.1"}
    assert awx.jobs[0]["limit"] == "db-1"


def test_nothing_is_launched_that_would_ignore_the_limit(runs: Runs, awx: Awx) -> None:
    """Without the limit it would run on every host."""
    awx.prompts = {"variables"}
    runs.work(awx.step("limit: db-1"))

    assert runs.run().status is Status.FAILED
    assert "does not prompt for limit on launch" in str(runs.step().error)
    assert awx.paths("POST") == []


def test_a_survey_takes_the_variables_that_it_asks_for(runs: Runs, awx: Awx) -> None:
    """It ignores our key, then, and the job cannot be found by it: that is a question, not a second launch."""
    awx.prompts, awx.surveys = set(), {"cluster"}
    runs.lose_worker(awx.step(), "effect.after")
    runs.pass_by(times=13)

    assert runs.is_asked()
    assert len(awx.jobs) == 1


def test_a_job_that_ignored_a_variable_is_cancelled(runs: Runs, awx: Awx) -> None:
    awx.prompts, awx.surveys = set(), {"version"}
    runs.work(awx.step())

    assert runs.run().status is Status.FAILED
    assert "AWX launched the job and ignored cluster. It was asked to cancel it" in str(runs.step().error)
    assert awx.cancelled == ["40"]


def test_a_template_that_cannot_be_read_is_not_launched(runs: Runs, awx: Awx) -> None:
    awx.looks = Answer(502, {"detail": "Bad Gateway"})
    runs.work(awx.step())

    assert runs.run().status is Status.FAILED
    assert "Nothing was changed" in str(runs.step().error)
    assert awx.paths("POST") == []


def test_what_the_playbook_said_is_saved(runs: Runs, awx: Awx) -> None:
    runs.work(awx.step().replace("result: job.status", "restarted: job.artifacts.restarted"))
    awx.end()
    runs.pass_by()

    assert runs.saved == {"restarted": 3}


def test_its_page_is_linked(runs: Runs, awx: Awx) -> None:
    runs.work(awx.step())

    assert runs.step().output["url"] == f"{awx.url}/#/jobs/playbook/40/output"
