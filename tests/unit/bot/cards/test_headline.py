from datetime import timedelta
from typing import Any

import pytest

from bot.cards.blocks import Message
from bot.cards.headline import headline
from bot.cards.outcome import outcome
from core.statuses import Status, WaitingFor
from core.views.executions import ExecutionView, FreezeView
from core.views.run_cards import CardFacts, HolderView, LockView, RetryView
from tests.unit.bot.cards.building import (
    NOW,
    approval,
    at_gate,
    by_workflow,
    done,
    elements,
    execution,
    shown,
    step,
)

RUNNING = execution(done(), step("promote", Status.RUNNING, attempt=1, started_at=NOW), step("verify"))


def card(view: ExecutionView, **options: Any) -> Message:
    return headline(view, now=NOW, **options)


def test_the_text_alone_says_name_version_incident_status_step_and_who() -> None:
    assert card(RUNNING).text == (
        "▶️ db-failover v3 (inc-12) running, step 2 of 3: promote, requested by <@U0DBOPS>. 1 of 3 steps done."
    )


def test_the_metadata_is_that_of_the_contract() -> None:
    assert card(by_workflow()).metadata == {
        "event_type": "runbook_execution",
        "event_payload": {
            "execution_id": "rbx_1",
            "runbook": "db-failover",
            "runbook_version": 3,
            "status": "running",
            "incident_id": "inc_1",
            "workflow_execution_id": "wfx_1",
        },
    }


def test_the_workflow_is_null_when_a_person_started_it() -> None:
    metadata: Any = card(RUNNING).metadata
    assert metadata["event_payload"]["workflow_execution_id"] is None


def test_a_workflows_run_shows_its_name_and_execution_id_in_a_context_line() -> None:
    context: Any = card(by_workflow()).blocks[-1]
    assert context["type"] == "context"
    assert [part["text"] for part in context["elements"]] == [
        "workflow *critical-db-incident* wfx_1",
        "run rbx_1",
    ]
    assert "requested by workflow critical-db-incident" in shown(card(by_workflow()))


def test_each_step_has_a_line_with_symbol_name_and_duration() -> None:
    lines = shown(
        card(execution(done(), step("promote", Status.RUNNING, name="Promote <it>"), step("verify")))
    )
    assert "✅ lag · 0.8 s\n▶️ Promote &lt;it&gt;\n▫️ verify" in lines


def test_parameters_are_shown() -> None:
    assert "cluster `orders`" in shown(card(RUNNING))


def test_the_current_step_says_what_it_waits_for() -> None:
    assert "*waiting for approval by an admin of team database, until <!date^" in shown(card(at_gate()))
    late = at_gate(approval=approval(expires_at=NOW))
    assert "expired" in shown(card(late))


@pytest.mark.parametrize(
    ("waiting_for", "words"),
    [
        (WaitingFor.TIMER, "waiting for a timer"),
        (WaitingFor.CALLBACK, "waiting for a callback"),
        (WaitingFor.VERDICT, "Waiting for a verdict"),
        (WaitingFor.LOCK, "waiting for another run that holds the lock"),
    ],
)
def test_every_wait_is_explained_at_its_step(waiting_for: WaitingFor, words: str) -> None:
    view = execution(done(), step(), status=Status.WAITING, waiting_for=waiting_for)
    assert words in shown(card(view))


def test_a_step_that_will_be_tried_again_says_so_and_why() -> None:
    waiting = step("lag", Status.WAITING, attempt=2, error="Answered 503")
    lines = shown(card(execution(waiting, status=Status.WAITING, waiting_for=WaitingFor.TIMER)))
    assert "⏸️ lag · attempt 2 · *will be retried* · Answered 503" in lines


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING, Status.WAITING])
def test_an_active_run_can_be_cancelled_after_a_question(status: Status) -> None:
    button = elements(card(execution(status=status)))["run.cancel"]
    assert button["value"] == "rbx_1"
    assert button["confirm"]["title"]["text"] == "Cancel this run?"


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT])
def test_an_ended_run_has_no_cancel_button_and_says_how_long_it_took(status: Status) -> None:
    facts = CardFacts(retry=None if status is Status.SUCCEEDED else RetryView("lag", ("lag", "promote")))
    ended = card(execution(status=status, finished_at=NOW + timedelta(seconds=31)), facts=facts)
    assert set(elements(ended)) == (set() if status is Status.SUCCEEDED else {"run.retry"})
    assert "in 31 s" in shown(ended)


def test_a_failed_run_says_why_in_text_and_card() -> None:
    failed = card(
        execution(status=Status.FAILED, error="Step promote: Answered 500; expected response.status < 400")
    )
    assert "Step promote: Answered 500; expected response.status &lt; 400" in failed.text
    assert "Step promote: Answered 500; expected response.status &lt; 400" in shown(failed)


def test_a_run_that_is_being_cancelled_says_by_whom() -> None:
    assert "*Stopping:* Cancelled by <@U1>." in shown(card(execution(error="Cancelled by <@U1>.")))


def test_an_error_that_says_nothing_is_not_shown() -> None:
    assert card(execution(error=" \n ")).blocks == card(execution()).blocks


def test_the_run_is_linked_where_it_has_a_page() -> None:
    linked = shown(card(RUNNING, page="https://runbooks.example/runs/rbx_1"))
    assert "<https://runbooks.example/runs/rbx_1|rbx_1>" in linked


def test_a_long_run_shows_the_first_those_around_the_current_and_the_last() -> None:
    steps = [done(f"s{i}") for i in range(50)] + [step(f"s{i}") for i in range(50, 100)]
    lines = shown(card(execution(*steps))).splitlines()
    names = [line.split()[1] for line in lines if line[:1] in "✅▫"]
    assert names == ["s0", *[f"s{i}" for i in range(44, 59)], "s99"]
    assert [line for line in lines if line.startswith("…")] == ["… 43 more", "… 40 more"]


def test_a_step_that_failed_long_ago_is_not_merged_away() -> None:
    steps = [done(f"s{i}") for i in range(60)] + [step("s60")]
    steps[20] = step("s20", Status.FAILED, error="No route")
    assert "❌ s20 · No route" in shown(card(execution(*steps)))


def test_twenty_steps_are_all_shown() -> None:
    assert "…" not in shown(card(execution(*[step(f"s{i}") for i in range(20)])))


def test_a_retry_is_offered_until_there_is_one_and_both_runs_name_the_other() -> None:
    facts = CardFacts(retry=RetryView("lag", ("lag", "promote")))
    retried = card(execution(status=Status.FAILED, retried_as="rbx_2"), facts=facts)
    assert elements(retried) == {}
    assert "retried as rbx_2" in shown(retried)
    retry = card(execution(done(carried_over=True), step(), retry_of="rbx_0"))
    assert "a retry of rbx_0" in shown(retry)
    assert "lag · carried over" in shown(retry)


def test_progress_is_a_bar_with_the_same_in_words_and_in_the_text() -> None:
    lines = shown(card(RUNNING))
    assert "▰▰▰▱▱▱▱▱▱▱ 1 of 3 steps done" in lines
    assert "1 of 3 steps done" in card(RUNNING).text
    assert "usually" not in lines, "nothing is said where too few runs have ended"


def test_how_long_it_usually_takes_is_said_with_the_time_until_that_has_passed() -> None:
    later = int((NOW + timedelta(seconds=120)).timestamp())
    shown_now = card(RUNNING, facts=CardFacts(usual_seconds=120.0))
    assert f"usually takes 2 min, until about <!date^{later}^{{time}}|03:14 UTC>" in shown(shown_now)
    assert "It usually takes 2 min" in shown_now.text
    late = headline(RUNNING, CardFacts(usual_seconds=120.0), now=NOW + timedelta(minutes=5))
    assert "usually takes 2 min" in shown(late)
    assert "until about" not in shown(late)


def test_a_lock_names_its_holder_as_far_as_the_channel_may_know() -> None:
    waiting = execution(status=Status.WAITING, waiting_for=WaitingFor.LOCK)
    holder = HolderView("rbx_2", "db-failover", "U0DBADMIN")
    known = card(waiting, facts=CardFacts(lock=LockView("db/orders", False, holder)))
    sentence = "🔒 The lock `db/orders` is held by db-failover (rbx_2), requested by <@U0DBADMIN>."
    assert sentence in shown(known)
    assert sentence in known.text
    hidden = shown(card(waiting, facts=CardFacts(lock=LockView("db/orders", False))))
    assert "🔒 Another run holds the lock `db/orders`." in hidden
    assert "🔒 It holds the lock `db/orders`." in shown(
        card(RUNNING, facts=CardFacts(lock=LockView("db/orders", True)))
    )


def test_what_a_step_has_made_elsewhere_is_linked_under_its_name() -> None:
    made = done("page", type="pagerduty", output={"url": "https://pd.example/7", "id": "7"})
    assert "🔗 <https://pd.example/7|page>" in shown(card(execution(made)))


@pytest.mark.parametrize(
    ("type_", "url"),
    [
        ("shell", "https://evil.example"),
        ("http", "https://evil.example"),
        ("pagerduty", "https://evil.example|<!channel>"),
        ("pagerduty", "javascript:alert(1)"),
        ("pagerduty", "https://evil.example/<@U1>"),
    ],
)
def test_what_a_step_was_answered_is_no_link(type_: str, url: str) -> None:
    assert "🔗" not in shown(card(execution(done("page", type=type_, output={"url": url}))))


def test_a_step_in_doubt_can_be_judged_on_the_card() -> None:
    doubtful = step("promote", Status.UNKNOWN, attempt=2)
    asked = card(execution(done(), doubtful, status=Status.WAITING, waiting_for=WaitingFor.VERDICT))
    buttons = elements(asked)
    assert set(buttons) == {"verdict.ran", "verdict.did_not_run", "verdict.run_again", "run.cancel"}
    assert buttons["verdict.ran"]["value"] == "rbx_1:promote:2"


def test_the_approvers_are_named() -> None:
    approved = card(RUNNING, facts=CardFacts(approved_by=("U0DBADMIN", "U0SECOND")))
    assert "requested by <@U0DBOPS>, approved by <@U0DBADMIN> and <@U0SECOND>" in shown(approved)


def test_a_freeze_is_shown_with_its_reason() -> None:
    by = {"id": "frz_1", "team": "database", "reason": "We <move>", "frozen_by": "U0DBADMIN"}
    freeze = FreezeView(**by, created_at=NOW, lifted_by=None, lifted_at=None)
    lines = shown(card(execution(freeze=freeze)))
    assert "🧊 *Team database is frozen* by <@U0DBADMIN>: We &lt;move&gt;" in lines


def test_finally_steps_have_a_heading_and_the_outcome_is_said_while_they_run() -> None:
    failed = step("promote", Status.FAILED, error="Answered 500")
    last = step("unsilence", Status.RUNNING, in_finally=True)
    card = headline(
        execution(failed, last, outcome=Status.FAILED, error="Step promote: Answered 500"), now=NOW
    )
    said = str(card.blocks)
    assert "*Finally*" in said
    assert "*Outcome: failed.* The finally steps run before the run ends. Step promote: Answered 500" in said
    assert "step 2 of 2: unsilence" in card.text
    assert "run.cancel" not in said, "there is nothing to cancel any more"


def test_a_finally_step_that_failed_is_said_loudly() -> None:
    last = step("unsilence", Status.FAILED, in_finally=True, error="Answered 500")
    run = execution(done(), last, status=Status.SUCCEEDED, outcome=Status.SUCCEEDED, finished_at=NOW)
    sentence = "⚠️ The finally step unsilence did not succeed: Answered 500"
    assert sentence in str(headline(run, now=NOW).blocks)
    assert sentence in outcome(run).text
