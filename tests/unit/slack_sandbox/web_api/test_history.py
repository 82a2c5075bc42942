import pytest

from slack_sandbox.values import SlackError
from slack_sandbox.web_api.history import span_of
from slack_sandbox.web_api.method import Arguments


@pytest.mark.parametrize(
    ("arguments", "covered"),
    [
        ({}, [True, True, True]),
        ({"oldest": "2"}, [False, False, True]),
        ({"oldest": "2", "inclusive": True}, [False, True, True]),
        ({"latest": "2.000000"}, [True, False, False]),
        ({"latest": "2", "inclusive": "1"}, [True, True, False]),
        ({"oldest": "1.5", "latest": "2.5"}, [False, True, False]),
    ],
)
def test_a_span_covers_what_lies_between_its_ends(arguments: dict[str, object], covered: list[bool]) -> None:
    span = span_of(Arguments(arguments))
    assert [span.covers(ts) for ts in ("1.000000", "2.000000", "3.000000")] == covered


def test_an_end_that_is_no_timestamp_is_refused() -> None:
    with pytest.raises(SlackError, match="invalid_ts_oldest"):
        span_of(Arguments({"oldest": "yesterday"}))
