import pytest

from bot.cards.gate import gate
from core.statuses import GateStatus, Status
from tests.unit.bot.cards.building import (
    approval,
    at_gate,
    by_workflow,
    decision,
    done,
    elements,
    shown,
    step,
)


def test_the_text_alone_says_what_who_and_what_comes_next() -> None:
    assert gate(at_gate(), approval()).text == (
        "🔐 Approval needed: db-failover v3 (inc-12), asked for by <@U0DBOPS>. <@U0DBADMIN> "
        "Next: *promote* (http), then *verify* (shell)."
    )


def test_an_open_gate_pings_the_approvers_and_shows_its_terms() -> None:
    words = shown(gate(at_gate(), approval(count=2, decisions=[decision("U0ONE")])))
    assert "<@U0DBADMIN>" in words
    assert "May decide: an admin of team database. 2 must approve; so far <@U0ONE>. Until <!date^" in words
    assert "cluster `orders`" in words


def test_at_most_ten_people_are_pinged() -> None:
    people = [f"U{n:03}" for n in range(14)]
    message = gate(at_gate(), approval(people=people))
    assert "<@U009> and 4 more" in shown(message)
    assert "<@U010>" not in shown(message) + message.text


def test_the_buttons_carry_the_gates_id_and_rejecting_asks_first() -> None:
    buttons = elements(gate(at_gate(), approval()))
    assert {name: button["value"] for name, button in buttons.items()} == {
        "approval.approve": "apr_1",
        "approval.reject": "apr_1",
    }
    assert buttons["approval.approve"]["style"] == "primary"
    assert buttons["approval.reject"]["style"] == "danger"
    assert "confirm" in buttons["approval.reject"]


def test_the_question_of_the_definition_is_shown_escaped() -> None:
    assert "Promote &lt;orders&gt;?" in shown(gate(at_gate(), approval(message="Promote <orders>?")))


def test_a_gate_as_the_last_step_says_that_nothing_follows() -> None:
    last = at_gate(steps=[done(), step("gate", Status.WAITING)])
    assert "nothing more, this was the last step" in shown(gate(last, approval()))


@pytest.mark.parametrize(
    ("status", "approved", "words"),
    [
        (GateStatus.APPROVED, True, "✅ *Approved:*"),
        (GateStatus.REJECTED, False, "⛔ *Rejected:*"),
    ],
)
def test_a_decided_gate_says_who_decided_and_has_no_buttons(
    status: GateStatus, approved: bool, words: str
) -> None:
    message = gate(
        at_gate(), approval(status=status, decisions=[decision(approved=approved, reason="too <late>")])
    )
    assert elements(message) == {}
    assert words in shown(message)
    word = "approved" if approved else "rejected"
    assert f"<@U0DBADMIN> {word} at <!date^" in shown(message)
    assert "too &lt;late&gt;" in message.text


@pytest.mark.parametrize(
    ("status", "words"),
    [(GateStatus.EXPIRED, "Nobody decided in time"), (GateStatus.CANCELLED, "No approval needed any more")],
)
def test_a_gate_that_closed_by_itself_says_why_and_has_no_buttons(status: GateStatus, words: str) -> None:
    message = gate(at_gate(), approval(status=status))
    assert elements(message) == {}
    assert words in shown(message)
    assert words in message.text


def test_the_gate_of_a_workflows_run_is_tagged() -> None:
    message = gate(by_workflow(*at_gate().steps), approval())
    assert "workflow *critical-db-incident* wfx_1" in shown(message)
    assert message.metadata
    assert message.metadata["event_type"] == "runbook_execution"
