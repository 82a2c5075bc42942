"""A diff of any length fits into what Slack takes, and says what it leaves out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.cards import limits
from bot.cards.changes import CONTINUED, LONGEST_LINE, MOST_SECTIONS, changes_card
from core.statuses import ApprovalStatus
from core.views.library import RunbookWithDiff, WorkflowWithDiff

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def card_texts(diff: str | None, approve: str | None = None) -> list[str]:
    view = RunbookWithDiff(
        id="rbk_1",
        name="db-vacuum",
        team=None,
        status=ApprovalStatus.DRAFT,
        version=3,
        approved_version=1,
        approved_by="U2",
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
        assert parts[-1].startswith(f"… {count - lines:,} more line")
        assert "`runbook show db-vacuum` in a terminal" in parts[-1]
    else:
        assert shown == parts


def test_lines_stay_whole_and_in_order() -> None:
    _, *parts = card_texts("".join(f"+ {number:04}\n" for number in range(600)))
    lines = "\n".join(part.removeprefix("```\n").removesuffix("\n```") for part in parts)

    assert lines.split("\n") == [f"+ {number:04}" for number in range(600)]


def test_a_long_line_is_shown_whole_and_no_part_of_it_looks_like_a_line_of_its_own() -> None:
    line = f"+ {'x' * 2 * LONGEST_LINE}; rm -rf /"
    _, part = card_texts(f"{line}\n")
    first, *more = part.removeprefix("```\n").removesuffix("\n```").split("\n")

    assert all(each.startswith(CONTINUED) for each in more)
    assert first + "".join(each.removeprefix(CONTINUED) for each in more) == line


def test_a_line_that_does_not_fit_is_counted_and_the_length_of_all_is_told() -> None:
    *_, hint = card_texts("+ " + "x" * 20_000 + "\n")

    assert hint.startswith(
        "… 1 more line: this is truncated, the full text has 20,003 characters. To see all of it: `runbook show"
    )


def test_what_is_not_to_be_seen_is_seen() -> None:
    _, part = card_texts("+ a\u202eb\u200bc\n")
    assert "+ a\\u202eb\\u200bc" in part


def test_what_to_type_to_approve_comes_last() -> None:
    assert card_texts("+ x\n", approve="`/runbook approve db-vacuum v3`")[-1] == (
        "Approve it: `/runbook approve db-vacuum v3`"
    )


def workflow_view(approved_version: int | None, diff: str | None) -> WorkflowWithDiff:
    return WorkflowWithDiff(
        id="wfl_1",
        name="greet",
        team=None,
        enabled=False,
        status=ApprovalStatus.DRAFT,
        version=3,
        approved_version=approved_version,
        approved_by=None,
        in_force_version=approved_version,
        trigger_on="manual",
        description="",
        definition={},
        changed_by="U1",
        created_at=NOW,
        updated_at=NOW,
        diff=diff,
    )


def test_a_long_diff_of_a_workflow_says_where_the_rest_is() -> None:
    *_, hint = changes_card(workflow_view(1, "+ x\n" * 5_000), approve=None).lines
    assert "`runbook show --workflow greet` in a terminal, or `GET /api/workflows/greet`." in hint


@pytest.mark.parametrize(
    ("approved", "diff", "said"),
    [
        (None, None, "v3 was written by <@U1>. No version has been approved yet."),
        (1, "", "v3 was written by <@U1>. It is identical to v1, which was approved."),
        (1, "+ x\n", "v3 was written by <@U1>. Changes from v1, which was approved:"),
    ],
)
def test_a_workflow_is_compared_with_what_was_approved(
    approved: int | None, diff: str | None, said: str
) -> None:
    assert changes_card(workflow_view(approved, diff), approve=None).lines[0] == said
