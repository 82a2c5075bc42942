from datetime import timedelta

import pytest

from bot.cards.headline import outcome
from core.statuses import Status
from tests.unit.bot.cards.building import NOW, by_workflow, done, execution, shown, step

END = NOW + timedelta(seconds=31)
FAILED = "Step promote: Answered 500; expected response.status < 400"


def test_a_success_says_how_long_it_took() -> None:
    message = outcome(execution(done(), status=Status.SUCCEEDED, finished_at=END))
    assert message.text == "✅ db-failover v3 (inc-12) succeeded in 31 s."
    assert "✅ *db-failover* v3 *succeeded in 31 s*, requested by <@U0DBOPS>" in shown(message)


def test_a_failure_names_the_step_and_its_error() -> None:
    failed = execution(
        done(), step("promote", Status.FAILED), status=Status.FAILED, error=FAILED, finished_at=END
    )
    message = outcome(failed)
    assert message.text.startswith("❌ db-failover v3 (inc-12) failed in 31 s. Step promote: Answered 500")
    assert "Step promote: Answered 500; expected response.status &lt; 400" in shown(message)


def test_a_run_without_an_error_of_its_own_says_that_of_its_step() -> None:
    timed_out = step("gate", Status.TIMED_OUT, error="Nobody decided in time.")
    assert "Step gate: Nobody decided in time." in outcome(execution(timed_out, status=Status.TIMED_OUT)).text


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT])
def test_every_ending_has_its_words(status: Status) -> None:
    assert status.value.replace("_", " ") in outcome(execution(status=status)).text


def test_a_cancelled_run_says_which_step_nobody_knows_the_truth_of() -> None:
    view = execution(
        done(), step("promote", Status.UNKNOWN), status=Status.CANCELLED, error="Cancelled by <@U1>."
    )
    assert "Cancelled by <@U1>. It is not known whether step promote happened." in outcome(view).text


def test_the_outcome_is_tagged_with_the_workflow_that_caused_it() -> None:
    message = outcome(by_workflow(done(), status=Status.SUCCEEDED), page="https://r.example/runs/rbx_1")
    assert "workflow *critical-db-incident* wfx_1" in shown(message)
    assert "<https://r.example/runs/rbx_1|rbx_1>" in shown(message)
    assert message.metadata
    assert message.metadata["event_type"] == "runbook_execution"
