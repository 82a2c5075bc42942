"""Who sent a request: from each kind of payload, and from what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import is_slacks
from bot.workspace import sender_of
from core.decisions.installation import Sender

SLACK = "https://slack.com/api/"
SANDBOX = "http://127.0.0.1:9/api/"


@pytest.mark.parametrize(
    ("body", "sender"),
    [
        (
            {"team_id": "T1", "enterprise_id": "E1", "api_app_id": "A1", "user_id": "U1"},
            Sender("T1", "E1", "A1", None),
        ),
        (
            {"team": {"id": "T1", "enterprise_id": "E1"}, "user": {"id": "U1", "team_id": "T2"}},
            Sender("T1", "E1", None, "T2"),
        ),
        (
            {"team": None, "enterprise": {"id": "E1"}, "user": {"team_id": "T1"}},
            Sender("T1", "E1", None, "T1"),
        ),
        (
            {"team": {"id": "T2"}, "view": {"app_installed_team_id": "T1"}, "user": {"team_id": "T2"}},
            Sender("T1", None, None, "T2"),
        ),
        (
            {"team_id": "T2", "authorizations": [{"team_id": "T1"}], "api_app_id": "A1"},
            Sender("T1", None, "A1", None),
        ),
        ({"team": [], "user": "U1", "authorizations": {}, "api_app_id": 7}, Sender(None, None, None, None)),
        ({"authorizations": ["T1"], "team_id": {"id": "T1"}}, Sender(None, None, None, None)),
    ],
)
def test_each_payload_says_who_sent_it(body: dict[str, object], sender: Sender) -> None:
    assert sender_of(body) == sender


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(["team", "user", "view", "authorizations", "enterprise", "team_id", "api_app_id"])


@given(st.dictionaries(NAMES, JSON))
def test_no_payload_breaks_it(body: dict[str, object]) -> None:
    sender_of(body)


@pytest.mark.parametrize(
    ("response_url", "api_url", "slacks"),
    [
        ("https://hooks.slack.com/commands/1/2", SLACK, True),
        ("https://hooks.slack.com:443/commands/1/2", SLACK, True),
        ("https://hooks.slack-gov.com/commands/1/2", "https://slack-gov.com/api/", True),
        ("http://127.0.0.1:8901/response/1", SANDBOX, True),
        ("http://hooks.slack.com/commands/1/2", SLACK, False),
        ("https://hooks.slack.com:8443/commands/1/2", SLACK, False),
        ("https://hooks.slack.com.evil.example/", SLACK, False),
        ("https://hooks.slack.com@evil.example/", SLACK, False),
        ("https://evil@hooks.slack.com/", SLACK, False),
        ("https://slack.com/api/chat.postMessage", SLACK, False),
        ("https://evil.example/", SLACK, False),
        ("http://127.0.0.1:8901/response/1", SLACK, False),
        ("http://169.254.169.254/latest", SANDBOX, False),
        ("https://127.0.0.1:9/", SANDBOX, False),
        ("file:///etc/passwd", SANDBOX, False),
        ("file://127.0.0.1/etc/passwd", SANDBOX, False),
        ("https://[::1", SLACK, False),
        ("https://hooks.slack.com:x/", SLACK, False),
        ("", SLACK, False),
    ],
)
def test_what_is_slacks_own_address(response_url: str, api_url: str, slacks: bool) -> None:
    assert is_slacks(response_url, api_url) is slacks
