import pytest

from slack_sandbox.values import SlackError
from slack_sandbox.web_api.method import Arguments, parse_arguments


@pytest.mark.parametrize(
    ("content_type", "body", "query"),
    [
        ("application/x-www-form-urlencoded", b"channel=C1&text=a+b", ""),
        ("application/json;charset=utf-8", b'{"channel": "C1", "text": "a b"}', ""),
        ("", b"", "channel=C1&text=a%20b"),
    ],
)
def test_arguments_mean_the_same_however_they_are_sent(content_type: str, body: bytes, query: str) -> None:
    arguments = parse_arguments(content_type, body, query)
    assert (arguments.text("channel"), arguments.text("text")) == ("C1", "a b")


@pytest.mark.parametrize(
    ("body", "error"), [(b"{", "invalid_json"), (b"[]", "json_not_object"), (b"\xff", "invalid_charset")]
)
def test_a_broken_json_body_is_refused(body: bytes, error: str) -> None:
    with pytest.raises(SlackError, match=error):
        parse_arguments("application/json", body, "")


@pytest.mark.parametrize(
    ("value", "is_set"), [(True, True), ("1", True), ("true", True), ("0", False), (None, False)]
)
def test_a_flag_is_read_in_all_its_spellings(value: object, is_set: bool) -> None:
    assert Arguments({"inclusive": value}).flag("inclusive") is is_set


def test_blocks_may_come_as_text_or_as_they_are() -> None:
    as_text = Arguments({"blocks": '[{"type": "divider"}]'})
    as_they_are = Arguments({"blocks": [{"type": "divider"}]})
    assert as_text.structure("blocks", "bad") == as_they_are.structure("blocks", "bad")
    with pytest.raises(SlackError, match="bad"):
        Arguments({"blocks": "[{"}).structure("blocks", "bad")


def test_a_list_of_names_may_be_separated_by_commas() -> None:
    assert Arguments({"users": "U1, U2,"}).names("users") == Arguments({"users": ["U1", "U2"]}).names("users")


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(SlackError) as refused:
        Arguments({}).required("channel")
    assert refused.value.as_answer() == {
        "ok": False,
        "error": "invalid_arguments",
        "errors": ["missing required field: channel"],
        "response_metadata": {"messages": ["[ERROR] missing required field: channel"]},
    }


def test_the_token_stays_out_of_the_log() -> None:
    assert Arguments({"token": "xoxb-1", "text": "hi"}).as_sent() == {"text": "hi"}
