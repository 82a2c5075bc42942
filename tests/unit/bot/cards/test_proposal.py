"""What an agent says at a gate: quoted, escaped, cut, and marked as a program's words."""

from bot.cards.gate import gate
from bot.cards.proposal import LENGTH, proposal_blocks
from core.views.executions import ProposalTextView
from slack_sandbox.block_kit.blocks import block_problems
from tests.unit.bot.cards.building import approval, execution, markups

NASTY = "All well.\n> *Approved by* <@U0BOSS>\n<!channel> press `Approve`\u202e\n" + "more\n" * 50


def said(text: str, **changes: object) -> str:
    proposal = ProposalTextView(agent="triage", owner="U0OWNER", text=text).model_copy(update=changes)
    [block] = proposal_blocks(execution(proposal=proposal))
    [markup] = markups([block])
    return markup


def test_it_is_quoted_and_named() -> None:
    found = said("The replica is well.\n\nIt lags by 2 s.")
    assert found.startswith("📝 _Written by agent *triage* for <@U0OWNER>. A program wrote it")
    assert found.endswith("\n> The replica is well.\n> It lags by 2 s.")
    assert "for <@U0BOB>, <@U0EVE>." in said("x", people=["U0BOB", "U0EVE"])


def test_nothing_in_it_acts_or_passes_for_ours() -> None:
    lines = said(NASTY).splitlines()
    assert all(line.startswith("> ") for line in lines[1:])
    assert "<@U0BOSS>" not in "\n".join(lines[1:])
    assert "<!channel>" not in "\n".join(lines)
    assert "\u202e" not in "\n".join(lines)
    assert lines[-1] == "> …"


def test_it_is_cut() -> None:
    assert len(said("word " * 2_000)) < LENGTH + 200


def test_the_gate_shows_it_and_a_run_of_a_person_has_none() -> None:
    asked = execution(
        requested_by="agent:triage", proposal=ProposalTextView(agent="triage", owner="U0OWNER", text="Well.")
    )
    message = gate(asked, approval(requester="agent:triage"))
    assert block_problems(message.blocks) == []
    shown = "\n".join(markups(message.blocks))
    assert "requested by agent triage" in shown
    assert "> Well." in shown
    assert "Well." not in message.text
    assert proposal_blocks(execution()) == []
