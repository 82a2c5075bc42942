import pytest

from slack_sandbox.config import AppConfig
from slack_sandbox.web_api.method import TokenKind, refusal, token_from

APP = AppConfig(bot_token="xoxb-good", app_token="xapp-good")


@pytest.mark.parametrize(
    ("token", "needed", "error"),
    [
        ("xoxb-good", "bot", None),
        ("xapp-good", "app", None),
        ("", "none", None),
        ("", "bot", "not_authed"),
        ("xoxb-bad", "bot", "invalid_auth"),
        ("xapp-good", "bot", "not_allowed_token_type"),
        ("xoxb-good", "app", "not_allowed_token_type"),
    ],
)
def test_each_method_takes_its_own_kind_of_token(token: str, needed: TokenKind, error: str | None) -> None:
    assert refusal(APP, token, needed) == error


def test_the_bearer_header_goes_before_the_argument() -> None:
    assert token_from("Bearer xoxb-1", "xoxb-2") == "xoxb-1"
    assert token_from("", "xoxb-2") == "xoxb-2"
