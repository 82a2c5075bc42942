from typing import Any

import pytest

from bot.cards.blocks import Message
from bot.cards.gate import gate
from core.statuses import GateStatus, Status
from core.views.executions import ShownStepView
from tests.unit.bot.cards.building import (
    approval,
    assert_slack_takes,
    at_gate,
    by_workflow,
    decision,
    done,
    elements,
    shown,
    shown_step,
    step,
)


def test_the_text_alone_says_what_who_and_what_comes_next() -> None:
    assert gate(at_gate(), approval()).text == (
        "🔐 Approval needed: db-failover v3 (inc-12), requested by <@U0DBOPS>. <@U0DBADMIN> "
        "Next: *promote* (http), then *verify* (shell)."
    )


def test_an_open_gate_pings_the_approvers_and_shows_its_terms() -> None:
    words = shown(gate(at_gate(), approval(count=2, decisions=[decision("U0ONE")])))
    assert "<@U0DBADMIN>" in words
    assert (
        "May decide: an admin of team database. 2 must approve; so far <@U0ONE>; 1 more to come. Until <!date^"
        in words
    )
    assert "cluster `orders`" in words


def test_at_most_ten_people_are_pinged() -> None:
    people = [f"U{n:03}" for n in range(14)]
    message = gate(at_gate(), approval(people=people))
    assert "<@U009> and 4 more" in shown(message)
    assert "<@U010>" not in shown(message) + message.text


def test_the_buttons_carry_the_gates_id_and_two_of_them_open_a_form() -> None:
    buttons = elements(gate(at_gate(), approval()))
    assert {name: (button["text"]["text"], button["value"]) for name, button in buttons.items()} == {
        "approval.approve": ("Approve", "apr_1"),
        "approval.reject": ("Reject…", "apr_1"),
        "approval.comment": ("Approve with comment…", "apr_1"),
    }
    assert buttons["approval.approve"]["style"] == "primary"
    assert buttons["approval.reject"]["style"] == "danger"


DIGEST = "0123456789abcdef" * 4


def showing(*steps: ShownStepView, page: str = "", **changes: Any) -> Message:
    """The card of a gate that shows these steps."""
    message = gate(at_gate(), approval(shown=list(steps), digest=DIGEST, **changes), page=page)
    if not page:  # a link is none that people wrote
        assert_slack_takes(message)
    return message


def test_the_buttons_carry_what_the_card_shows() -> None:
    values = {button["value"] for button in elements(showing(shown_step())).values()}
    assert values == {"apr_1:0123456789abcdef"}


def test_each_request_is_shown_as_it_will_be_sent() -> None:
    request = {"argv": ["dbctl", "two words"], "env": {"MODE": "fast"}, "cwd": "/srv", "stdin": "yes"}
    later = {"request": {"method": "POST", "url": "https://x/‹lag.seconds›"}, "depends_on_results": True}
    words = shown(showing(shown_step("check", type="shell", request=request), shown_step("promote", **later)))
    assert (
        "1. *check* (shell)\n```\ncd /srv\nMODE=fast dbctl 'two words'\nwith this input:\nyes\n```" in words
    )
    assert "2. *promote* (http)\n```\nPOST https://x/‹lag.seconds›\n```" in words
    assert "`‹…›` stands for the results of earlier steps." in words


def test_the_text_alone_says_what_will_be_sent() -> None:
    text = showing(shown_step("promote"), shown_step("verify", runs="no", condition="false")).text
    assert text.splitlines()[1:] == [
        "Next:",
        "promote: POST https://db.example/promote",
        "verify: skipped",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"runs": "depends", "condition": "steps.lag.saved.n > 1"}, "only if `steps.lag.saved.n &gt; 1`"),
        ({"runs": "no", "condition": "false"}, "skipped: `false` is false"),
        ({"error": "params.x is not there."}, "❌ would fail: params.x is not there."),
        ({"request": {"text": "Hello", "channel": "C0X"}}, "in C0X:\nHello"),
        ({"request": {"waits_for": "timer", "for": "30s"}}, "waits 30s"),
        ({"request": {"waits_for": "callback", "for": "1h"}}, "waits for a callback, at most 1h"),
    ],
)
def test_what_else_a_step_may_come_to_is_said(changes: dict[str, Any], words: str) -> None:
    assert words in shown(showing(shown_step(**changes)))


@pytest.mark.parametrize("page", ["", "https://runbook.example/runs/rbx_1?token=t"])
def test_what_is_too_long_is_cut_with_its_length_and_where_the_whole_is(page: str) -> None:
    request = {"argv": ["sh", "-c", "x" * 10_000]}
    words = shown(showing(shown_step(request=request), page=page))
    assert "*Truncated:* about" in words
    assert "of 10,006 characters are shown" in words
    assert (f"<{page}|See everything on the run's page>" if page else "`runbook status rbx_1`") in words


def test_many_steps_are_told_to_be_more_than_the_card_shows() -> None:
    words = shown(showing(*(shown_step(f"s{n}", request={"argv": ["x" * 5_000]}) for n in range(60))))
    assert "*Truncated:* 40 more are not shown here." in words


def test_who_brought_it_about_is_named_in_small_print() -> None:
    initiators = [{"who": "U0DBOPS", "as": "asked"}, {"who": "U0ANNA", "as": "opened"}]
    words = shown(showing(shown_step(), initiators=initiators))
    assert "<@U0ANNA> opened the incident that led to this run." in words


def test_a_gate_that_nobody_may_decide_and_one_that_is_asked_again_say_so() -> None:
    message = showing(
        shown_step(), nobody_left="Nobody is left. <@U0ROOT> can decide.", asked_again="It differs."
    )
    for words in (shown(message), message.text):
        assert "Nobody is left. <@U0ROOT> can decide." in words
        assert "It differs." in words


def test_a_void_approval_says_that_it_was_asked_again() -> None:
    message = gate(at_gate(), approval(status=GateStatus.VOID, decisions=[decision()]))
    assert "🔁 *Approved, then needed again:*" in shown(message)
    assert elements(message) == {}


def test_the_question_of_the_definition_is_shown_escaped() -> None:
    assert "Promote &lt;orders&gt;?" in shown(gate(at_gate(), approval(message="Promote <orders>?")))


def test_a_gate_as_the_last_step_says_that_nothing_follows() -> None:
    last = at_gate(steps=[done(), step("gate", Status.WAITING)])
    assert "nothing, this was the last step" in shown(gate(last, approval()))


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
    [(GateStatus.EXPIRED, "nobody decided in time"), (GateStatus.CANCELLED, "Approval no longer needed")],
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
