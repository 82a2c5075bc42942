from datetime import timedelta

import pytest

from bot.cards.outcome import outcome
from core.statuses import Status
from core.views.run_cards import CardFacts, RetryView
from tests.unit.bot.cards.building import NOW, by_workflow, done, elements, execution, shown, step

END = NOW + timedelta(seconds=31)
FAILED = "Step promote: Answered 500; expected response.status < 400"


def test_a_success_says_how_long_it_took() -> None:
    message = outcome(execution(done(), status=Status.SUCCEEDED, finished_at=END))
    assert message.text == "✅ db-failover v3 (inc-12) succeeded in 31 s, requested by <@U0DBOPS>."
    assert "✅ *db-failover* v3 *succeeded in 31 s*, requested by <@U0DBOPS>" in shown(message)


def test_a_failure_names_the_step_and_its_error() -> None:
    failed = execution(
        done(), step("promote", Status.FAILED), status=Status.FAILED, error=FAILED, finished_at=END
    )
    message = outcome(failed)
    assert message.text.startswith(
        "❌ db-failover v3 (inc-12) failed in 31 s, requested by <@U0DBOPS>. Step promote: Answered 500"
    )
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


RETRY = CardFacts(approved_by=("U0DBADMIN",), retry=RetryView("promote", ("promote", "verify"), ("gate",)))
ANSWERED = step("promote", Status.FAILED, error="Answered 500", output={"status": 500, "body": "no replica"})
ENDED = execution(done(), ANSWERED, step("verify"), status=Status.FAILED, error=FAILED, finished_at=END)


def test_a_failure_shows_what_the_step_answered_and_who_approved() -> None:
    said = shown(outcome(ENDED, RETRY))
    assert "*promote* answered: status 500\n```\nno replica\n```" in said
    assert "requested by <@U0DBOPS>, approved by <@U0DBADMIN>" in said


def test_a_failure_offers_a_retry_from_its_step_and_says_what_will_run() -> None:
    buttons = elements(outcome(ENDED, RETRY))
    assert buttons["run.retry"]["text"]["text"] == "Retry from promote"
    assert buttons["run.retry"]["value"] == "rbx_1"
    assert buttons["run.retry"]["confirm"]["text"]["text"] == (
        "A new run of db-failover continues with promote and verify, after gate has been approved again "
        "by somebody other than you. What succeeded before is not repeated."
    )
    assert buttons["run.details"]["value"] == "rbx_1"


def test_a_retry_of_many_steps_still_fits_its_dialog() -> None:
    names = tuple(f"{'long' * 15}{n:03}" for n in range(1000))
    retry = RetryView(names[0], names, tuple(names[:200]))
    confirm = elements(outcome(ENDED, CardFacts(retry=retry)))["run.retry"]["confirm"]["text"]["text"]
    assert "1,000 steps (long" in confirm
    assert len(confirm) <= 300


def test_a_run_in_doubt_says_why_there_is_no_retry_button() -> None:
    refused = RetryView(
        refused="Nobody knows whether step promote happened. A team admin can choose: --from promote."
    )
    ended = execution(step("promote", Status.UNKNOWN), status=Status.CANCELLED, finished_at=END)
    message = outcome(ended, CardFacts(retry=refused))
    assert set(elements(message)) == {"run.details"}
    assert "A team admin can choose: --from promote." in shown(message)


def test_a_run_that_was_retried_offers_nothing_twice() -> None:
    retried = ENDED.model_copy(update={"retried_as": "rbx_2"})
    assert set(elements(outcome(retried, RETRY))) == {"run.details"}


def test_a_success_has_no_buttons() -> None:
    assert elements(outcome(execution(done(), status=Status.SUCCEEDED, finished_at=END))) == {}
