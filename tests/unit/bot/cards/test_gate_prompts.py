"""What changed since the last approval, on a gate; reminders, escalations and copies of it."""

from datetime import timedelta
from typing import Any

import pytest

from bot.cards.gate import Copy, gate
from bot.cards.gate_changes import MOST_LINES
from bot.cards.reminder import reminder
from core.decisions.gate_times import Prompt
from core.statuses import GateStatus
from core.views.executions import ApprovalView
from tests.unit.bot.cards.building import (
    NOW,
    approval,
    assert_slack_takes,
    at_gate,
    decision,
    elements,
    shown,
)

NASTY = "<!channel> <@U0EVE> @here ```\n*x* & \u202e"


def since(*differences: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An approval of another run, and what differs from it."""
    found = [{"field": "", "before": None, "after": None, "kind": "changed", **each} for each in differences]
    given = {"execution_id": "rbx_0", "version": 2, "approved_by": ["U0DBADMIN"], "approved_at": NOW}
    return {**given, "differences": found, "more": 0, **changes}


def step(name: str, field: str = "", **changes: Any) -> dict[str, Any]:
    return {"where": "step", "name": name, "field": field, **changes}


def changed(*differences: dict[str, Any], **changes: Any) -> str:
    message = gate(at_gate(), approval(since=since(*differences, **changes)))
    assert_slack_takes(message)
    return shown(message) + "\n" + message.text


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (
            step("restart", "timeout", before="30s", after="60s"),
            "step *restart*: *timeout* is `60s`, was `30s`",
        ),
        (step("tell", kind="added"), "step *tell* is new"),
        (step("tell", kind="removed"), "step *tell* was removed"),
        (step("tell", kind="moved"), "step *tell* now comes at another place"),
        (step("a", "if", kind="removed", before="x"), "step *a*: *if* was `x`, is not given now"),
        (
            {"where": "parameter", "name": "c", "kind": "added", "after": "1"},
            "parameter *c* is `1`, was not given",
        ),
        (
            {"where": "runbook", "name": "", "field": "lock", "after": "a", "before": "b"},
            "runbook: *lock* is `a`",
        ),
        (
            {"where": "request", "name": "told", "field": "text", "after": "b", "before": "a"},
            "what step *told* sends: *text* is `b`, was `a`",
        ),
    ],
)
def test_each_difference_is_said_in_the_blocks_and_in_the_text(
    difference: dict[str, Any], words: str
) -> None:
    assert changed(difference).count(words) == 2


def test_what_people_wrote_into_a_difference_neither_pings_nor_formats() -> None:
    words = changed(step(NASTY, NASTY, before=NASTY, after=NASTY))
    assert "<!channel>" not in words
    assert "\\u202e" in words


def test_more_differences_than_fit_are_counted() -> None:
    words = changed(*(step(f"s{n}", kind="added") for n in range(MOST_LINES + 2)), more=7)
    assert "… and 9 more differences." in words
    assert "s6" not in words


def test_where_nothing_changed_it_is_said_and_where_nobody_approved_before_nothing_is() -> None:
    assert "Same steps and parameters as v2, approved by <@U0DBADMIN>" in changed()
    assert "The same will be sent as with the approval by <@U0DBADMIN>" in changed(execution_id="rbx_1")
    assert "approved" not in shown(gate(at_gate(), approval()))


def test_who_approved_before_is_named_only_if_they_are_asked_now() -> None:
    words = changed(step("a", kind="added"), approved_by=["U0LEFT", "U0DBADMIN"])
    assert "<@U0LEFT>" not in words
    assert "approved by <@U0DBADMIN>" in words
    assert "Changed since v2, approved (" in changed(step("a", kind="added"), approved_by=["U0LEFT"])


def escalating(**changes: Any) -> ApprovalView:
    later = {"at": NOW + timedelta(minutes=5), "to": "<@U0CTO>", "channel": None, "is_done": False}
    return approval(escalation={**later, **changes})


def test_to_whom_it_escalates_is_said_without_a_ping() -> None:
    words = shown(gate(at_gate(), escalating()))
    assert "Escalates to others at <!date^" in words
    assert "U0CTO" not in words
    assert "Escalates to an admin of team web and <#C0X>" in shown(
        gate(at_gate(), escalating(to="an admin of team web", channel="C0X"))
    )
    assert "Escalates" not in shown(gate(at_gate(), escalating(is_done=True)))


@pytest.mark.parametrize("prompt", list(Prompt))
def test_a_reminder_mentions_who_has_not_decided(prompt: Prompt) -> None:
    asked = escalating().model_copy(
        update={"people": ["U0ONE", "U0TWO"], "count": 2, "decisions": [decision("U0ONE")]}
    )
    message = reminder(at_gate(), asked, prompt)
    assert message is not None
    assert_slack_takes(message)
    assert "<@U0TWO>" in message.text
    assert "<@U0ONE>" not in message.text
    assert "1 of 2 have approved." in message.text
    assert ("Now <@U0CTO> may decide, too." in message.text) is (prompt is Prompt.ESCALATED)


def test_nobody_is_reminded_of_a_closed_gate() -> None:
    closed = approval(status=GateStatus.APPROVED)
    assert [reminder(at_gate(), closed, prompt) for prompt in Prompt] == [None] * 3


def test_a_copy_says_where_the_run_belongs_and_a_direct_message_pings_nobody() -> None:
    elsewhere = shown(gate(at_gate(), approval(), copy=Copy("C0INC")))
    direct = shown(gate(at_gate(), approval(), copy=Copy(None, "U0DBADMIN")))
    assert "(inc-12 in <#C0INC>), requested by" in elsewhere
    assert "<@U0DBADMIN>" in elsewhere
    assert "(inc-12), requested by" in direct
    assert "<@U0DBADMIN>" not in direct


def test_somebody_who_may_not_decide_any_more_reads_nothing_of_it() -> None:
    message = gate(at_gate(), approval(message="secret plan"), copy=Copy("C0INC", "U0LEFT"))
    assert elements(message) == {}
    assert "db-failover" not in shown(message) + message.text
    assert message.metadata is None


def test_comments_stand_on_the_open_gate_and_on_the_closed_one() -> None:
    made = [decision("U0ONE", reason="Watch <!here> the lag")]
    for status in (GateStatus.OPEN, GateStatus.APPROVED):
        words = shown(gate(at_gate(), approval(count=2, decisions=made, status=status)))
        assert "Watch &lt;!here&gt; the lag" in words
