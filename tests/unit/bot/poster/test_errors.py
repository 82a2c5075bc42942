"""Each of Slack's codes is about one thing, and the page that lists them is covered."""

from collections import Counter

import pytest

from bot.poster.refusals import _CODES, SORTED, About, about

# https://docs.slack.dev/reference/methods/chat.postMessage/#errors: those that concern what this app sends.
OF_POST_MESSAGE = {
    "channel_not_found": About.CHANNEL,
    "is_archived": About.CHANNEL,
    "restricted_action": About.CHANNEL,
    "restricted_action_read_only_channel": About.CHANNEL,
    "messages_tab_disabled": About.CHANNEL,
    "not_in_channel": About.MEMBERSHIP,
    "msg_too_long": About.CONTENT,
    "invalid_blocks": About.CONTENT,
    "metadata_too_large": About.CONTENT,
    "no_text": About.CONTENT,
    "rate_limited": About.PACE,
    "message_limit_exceeded": About.PACE,
    "invalid_auth": About.TOKEN,
    "token_revoked": About.TOKEN,
    "two_factor_setup_required": About.TOKEN,
    "missing_scope": About.SCOPE,
    "internal_error": About.MOMENT,
    "service_unavailable": About.MOMENT,
    "team_added_to_org": About.MOMENT,
}


def test_no_code_is_about_two_things() -> None:
    codes = Counter(code for codes in _CODES.values() for code in codes.split())
    assert [code for code, count in codes.items() if count > 1] == []
    assert set(SORTED) == set(codes)


@pytest.mark.parametrize(("code", "what"), OF_POST_MESSAGE.items())
def test_a_code_is_about_what_has_to_change(code: str, what: About) -> None:
    assert about(code) is what


def test_a_code_that_nobody_listed_is_about_the_one_message() -> None:
    assert about("something_new") is About.CONTENT
