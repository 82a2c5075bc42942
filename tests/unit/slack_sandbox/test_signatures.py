from datetime import UTC, datetime

from slack_sandbox.signatures import sign, signed_headers

# The worked example of https://docs.slack.dev/authentication/verifying-requests-from-slack
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_the_example_of_slacks_documentation_is_signed_as_it_says() -> None:
    assert sign(SECRET, 1531420618, BODY) == SIGNATURE


def test_the_headers_carry_the_moment_and_the_signature() -> None:
    headers = signed_headers(SECRET, BODY, datetime.fromtimestamp(1531420618, UTC))
    assert headers == {"X-Slack-Request-Timestamp": "1531420618", "X-Slack-Signature": SIGNATURE}
