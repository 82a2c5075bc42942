"""Cursors and pages."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rest.paging import Page, PageRequest, decode_cursor, encode_cursor
from core.errors import InvalidInput
from core.services.access.listing import Position

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = [Position(NOON - timedelta(hours=number), f"inc_{number}") for number in range(4)]

positions = st.builds(
    Position,
    st.datetimes(timezones=st.just(UTC)),
    st.from_regex(r"[a-z]{3}_[0-9a-z]{1,40}", fullmatch=True),
)


def same(position: Position) -> Position:
    return position


@given(positions)
def test_a_cursor_gives_back_its_position(position: Position) -> None:
    assert decode_cursor(encode_cursor(position)) == position


@given(st.text(max_size=60))
def test_a_cursor_that_is_none_of_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_cursor(text)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize(
    "inside",
    [
        "2026-03-01T12:00:00 inc_1",
        "2026-03-01T12:00:00+00:00 inc_1\0",
        "2026-03-01T12:00:00+00:00",
        "x inc_1",
    ],
)
def test_a_cursor_that_only_looks_like_ours_is_refused(inside: str) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(base64.urlsafe_b64encode(inside.encode()).decode())


def test_a_page_asks_for_one_row_more_to_see_whether_there_is_a_next_one() -> None:
    assert PageRequest(3).window.size == 4


def test_a_page_that_is_not_full_is_the_last() -> None:
    page = PageRequest(4).cut(ROWS, same)

    assert (page.rows, page.next_cursor) == (ROWS, None)


def test_the_cursor_of_a_page_is_its_last_row() -> None:
    page = PageRequest(3).cut(ROWS, same)

    assert page.rows == ROWS[:3]
    assert page.next_cursor is not None
    assert decode_cursor(page.next_cursor) == ROWS[2]


def test_an_empty_list_is_a_last_page() -> None:
    page: Page[Position] = PageRequest(3).cut([], same)

    assert (page.rows, page.next_cursor) == ([], None)
