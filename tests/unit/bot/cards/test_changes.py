"""A diff of any length fits into what Slack takes, and says what it leaves out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.cards import limits
from bot.cards.changes import LONGEST_LINE, MOST_SECTIONS, changes_card, workflow_changes_card
from core.library_views import RunbookWithDiff, WorkflowWithDiff
from core.statuses import ApprovalStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def card_texts(diff: str | None, approve: str | None = None) -> list[str]:
    view = RunbookWithDiff(
        id="rbk_1",
        name="db-vacuum",
        team=None,
        status=ApprovalStatus.DRAFT,
        version=3,
        approved_version=1,
        description="",
        definition={},
        changed_by="U1",
        created_at=NOW,
        updated_at=NOW,
        diff=diff,
    )
    blocks: list[Any] = list(changes_card(view, approve=approve).blocks)
    return [
        block["text"]["text"] if block["type"] == "section" else block["elements"][0]["text"]
        for block in blocks
    ]


@pytest.mark.parametrize("line", ["+ short", "+ " + "<&>" * 25, "+ ``` " + "x" * 200])
@pytest.mark.parametrize("count", [1, 50, 5_000])
def test_every_block_fits_and_what_is_left_out_is_told(line: str, count: int) -> None:
    said, *parts = card_texts(f"{line}\n" * count)
    shown = [part for part in parts if part.startswith("```\n")]
    lines = sum(part.count("\n") - 1 for part in shown)

    assert all(len(part) <= limits.SECTION_TEXT for part in (said, *parts))
    assert len(shown) <= MOST_SECTIONS
    assert all(part.count("```") == 2 for part in shown)
    if lines < count:
        assert parts[-1].startswith(f"… {count - lines} more lines")
        assert "`runbook show db-vacuum` in a terminal shows all." in parts[-1]
    else:
        assert shown == parts


def test_lines_stay_whole_and_in_order() -> None:
    _, *parts = card_texts("".join(f"+ {number:04}\n" for number in range(600)))
    lines = "\n".join(part.removeprefix("```\n").removesuffix("\n```") for part in parts)

    assert lines.split("\n") == [f"+ {number:04}" for number in range(600)]


def test_a_line_that_is_cut_is_told() -> None:
    *_, hint = card_texts("+ " + "x" * (LONGEST_LINE + 1) + "\n")

    assert hint == "… long lines are cut. `runbook show db-vacuum` in a terminal shows all."


def test_what_to_type_to_approve_comes_last() -> None:
    assert card_texts("+ x\n", approve="`/runbook approve db-vacuum v3`")[-1] == (
        "Approve it: `/runbook approve db-vacuum v3`"
    )


def workflow_view(version: int, enabled_version: int | None, diff: str | None) -> WorkflowWithDiff:
    return WorkflowWithDiff(
        id="wfl_1",
        name="greet",
        team=None,
        enabled=False,
        version=version,
        trigger_on="manual",
        description="",
        definition={},
        changed_by="U1",
        created_at=NOW,
        updated_at=NOW,
        enabled_version=enabled_version,
        diff=diff,
    )


def test_a_long_diff_of_a_workflow_says_where_the_rest_is() -> None:
    *_, hint = workflow_changes_card(workflow_view(3, 1, "+ x\n" * 5_000)).lines
    assert "more lines. `GET /api/workflows/greet/versions` has both." in hint


@pytest.mark.parametrize(
    ("enabled", "diff", "said"),
    [
        (None, None, "v3 was written by <@U1>. No version of it was enabled yet."),
        (1, "", "v3 was written by <@U1>. It says the same as v1, which was enabled."),
        (1, "+ x\n", "v3 was written by <@U1>. It changes v1, which was enabled:"),
    ],
)
def test_a_workflow_is_compared_with_what_was_enabled(
    enabled: int | None, diff: str | None, said: str
) -> None:
    assert workflow_changes_card(workflow_view(3, enabled, diff)).lines[0] == said


def test_what_was_enabled_itself_has_nothing_to_tell() -> None:
    assert workflow_changes_card(workflow_view(3, 3, "")).lines == ()
