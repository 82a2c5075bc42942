"""The Home tab: what waits for a person is shown whole, and everything within Slack's limits."""

from typing import Any

from bot.cards.home import BLOCKS, NEW_INCIDENT, home_view
from bot.cards.incident import ACKNOWLEDGE, RUN
from core.statuses import IncidentStatus
from core.views.home import Home
from slack_sandbox.block_kit.blocks import block_problems
from tests.unit.bot.cards.building import NOW, approval, at_gate, execution, incident, markups, shown_step

NASTY = "<!channel> *bold* <https://evil.example|click> @here"


def home(**changes: Any) -> Home:
    values: dict[str, Any] = {
        "approvals": [],
        "more_approvals": 0,
        "running": [],
        "incidents": [],
        "own": [],
        "has_team": True,
    }
    return Home(**values | changes)


def waiting(number: int = 1, steps: int = 1, **changes: Any) -> Any:
    shown = [shown_step(f"step-{index}") for index in range(steps)]
    gate = approval(id=f"apr_{number}", execution_id=f"rbx_{number}", shown=shown, digest="d" * 64, **changes)
    return at_gate(id=f"rbx_{number}", approval=gate), gate


def view(of: Home) -> list[dict[str, Any]]:
    blocks: Any = home_view(of, NOW, lambda run: f"https://runbook.example/runs/{run}")["blocks"]
    assert len(blocks) <= BLOCKS
    assert block_problems(blocks, "/view/blocks", BLOCKS) == []
    return list(blocks)


def words(of: Home) -> str:
    return "\n".join(markups(view(of)))


def actions(of: Home) -> list[str]:
    found = [
        inner for block in view(of) for inner in [*block.get("elements", []), block.get("accessory", {})]
    ]
    return [inner["action_id"] for inner in found if inner.get("type") == "button"]


def test_an_empty_one_says_that_nothing_waits_and_what_can_be_done() -> None:
    assert actions(home()) == [RUN, NEW_INCIDENT]
    assert "Nothing waits for you." in words(home())
    assert "None is open." in words(home())


def test_an_approval_is_shown_with_what_will_be_sent_and_the_gates_own_buttons() -> None:
    of = home(approvals=[waiting(steps=2)])
    assert actions(of)[2:4] == ["approval.approve", "approval.reject"]
    assert "https://db.example/step-0" in words(of)
    assert "https://db.example/step-1" in words(of)
    assert "requested by <@U0DBOPS>" in words(of)


def test_approvals_that_do_not_fit_are_counted_and_never_shown_in_part() -> None:
    of = home(approvals=[waiting(number, steps=12) for number in range(5)], more_approvals=3)
    buttons = actions(of).count("approval.approve")
    assert 1 <= buttons <= 5
    assert words(of).count("approval") >= 1
    if buttons < 5:
        assert f"{5 - buttons + 3} more approvals for you" in words(of)


def test_incidents_lead_to_their_channels_and_open_ones_can_be_acknowledged() -> None:
    of = home(incidents=[incident(), incident(id="inc_2", number=13, status=IncidentStatus.ACKNOWLEDGED)])
    assert actions(of).count(ACKNOWLEDGE) == 1
    assert "<#C0INC>" in words(of)


def test_runs_are_linked_to_their_pages() -> None:
    assert "<https://runbook.example/runs/rbx_1|page>" in words(home(own=[execution()]))


def test_who_is_in_no_team_and_who_is_refused_are_told_so() -> None:
    assert "You are in no team." in words(home(has_team=False))
    assert actions(home(has_team=False)) == []
    refused = home(has_team=False, refusal="You are a guest <!channel>.")
    assert words(refused).startswith("⛔ You are a guest &lt;!channel&gt;.")


def test_what_people_wrote_neither_pings_nor_links() -> None:
    run = execution(parameters={"a": NASTY}, runbook="say")
    of = home(
        incidents=[incident(title=NASTY, service=NASTY)], running=[run], approvals=[waiting(message=NASTY)]
    )
    assert "<!channel>" not in words(of)
    assert "<https://evil" not in words(of)


def test_the_fullest_one_keeps_slacks_limits() -> None:
    view(
        home(
            approvals=[waiting(number, steps=20) for number in range(5)],
            more_approvals=40,
            running=[execution(id=f"rbx_r{number}") for number in range(5)],
            incidents=[incident(id=f"inc_{number}", title=NASTY * 5) for number in range(10)],
            own=[execution(id=f"rbx_o{number}") for number in range(5)],
        )
    )
