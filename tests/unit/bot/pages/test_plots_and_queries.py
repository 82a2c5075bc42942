"""The plot of a team's weeks, and what a list's query may say."""

from datetime import UTC, date, datetime

import pytest
from starlette.datastructures import QueryParams

from bot.pages.access.sign_in import is_path
from bot.pages.plots import HEIGHT, weeks_plot
from bot.pages.query import Query
from core.errors import InvalidInput
from core.statuses import Status
from core.views.records import WeekView


def week(succeeded: int, failed: int, cancelled: int = 0) -> WeekView:
    return WeekView(
        monday=date(2026, 1, 5),
        succeeded=succeeded,
        failed=failed,
        cancelled=cancelled,
        approval_seconds=None,
    )


def test_the_fullest_week_fills_the_plot_and_an_empty_one_is_empty() -> None:
    full, half, empty = weeks_plot([week(6, 3, 1), week(5, 0), week(0, 0)]).columns
    assert sum(part.height for part in full.parts) == HEIGHT
    assert [part.kind for part in full.parts] == ["succeeded", "failed", "cancelled"]
    assert full.parts[-1].y == 0
    assert [part.height for part in half.parts] == [HEIGHT / 2]
    assert empty.parts == ()
    assert weeks_plot([]).columns == ()
    assert weeks_plot([week(0, 0)]).highest == 0


def query(**values: str) -> Query:
    return Query(QueryParams(values))


def test_what_a_form_leaves_empty_is_not_asked() -> None:
    empty = query(status="", since=" ", runbook="")
    assert (empty.choice("status", Status), empty.day("since"), empty.text("runbook")) == (None, None, None)
    assert empty.page().after is None


def test_a_day_ends_with_its_last_moment() -> None:
    since, until = query(since="2026-01-31", until="2026-01-31").period()
    assert (since, until) == (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert query(until="9999-12-31").period()[1] is not None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("status", "nice", "one of pending, running"),
        ("since", "yesterday", "must be a date, such as 2026-01-31"),
        ("since", "2026-02-30", "must be a date"),
        ("since", "0", "must be a date"),
        ("runbook", "a\0b", "a text of at most 200 characters"),
        ("runbook", "x" * 201, "a text of at most 200 characters"),
        ("after", "abc", "This cursor is invalid"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(name: str, value: str, said: str) -> None:
    asked = query(**{name: value})
    with pytest.raises(InvalidInput, match=said):
        (asked.choice("status", Status), asked.period(), asked.text("runbook"), asked.page())


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("/", True),
        ("/runs?status=failed&x=1", True),
        ("//e.example", False),
        ("/\\e.example", False),
        ("", False),
    ],
)
def test_one_is_sent_back_to_a_path_of_this_host_alone(address: str, is_ours: bool) -> None:
    assert is_path(address) is is_ours
