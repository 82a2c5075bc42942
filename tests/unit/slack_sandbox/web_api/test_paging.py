import pytest
from hypothesis import given
from hypothesis import strategies as st

from slack_sandbox.values import SlackError
from slack_sandbox.web_api.history import page
from slack_sandbox.web_api.method import Arguments


@given(st.integers(min_value=0, max_value=50), st.integers(min_value=1, max_value=20))
def test_the_pages_together_are_everything_in_order(count: int, limit: int) -> None:
    items, cursor, seen = list(range(count)), "", []
    while True:
        shown, cursor = page(items, Arguments({"limit": limit, "cursor": cursor}))
        assert len(shown) <= limit
        seen += shown
        if not cursor:
            break
    assert seen == items


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"cursor": "!!"}, "invalid_cursor"),
        ({"cursor": "bm8="}, "invalid_cursor"),
        ({"limit": 1001}, "invalid_limit"),
    ],
)
def test_a_bad_cursor_or_limit_is_refused(arguments: dict[str, object], error: str) -> None:
    with pytest.raises(SlackError, match=error):
        page([1], Arguments(arguments))
