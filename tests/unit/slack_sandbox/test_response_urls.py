from datetime import timedelta

import pytest

from slack_sandbox.response_urls import ResponseUrl, ResponseUrls
from slack_sandbox.values import SlackError
from tests.unit.slack_sandbox.building import NOW


def test_the_sixth_use_is_refused() -> None:
    urls = ResponseUrls()
    secret = urls.issue(ResponseUrl("U1", "C1", NOW))
    for _ in range(5):
        assert urls.use(secret, NOW).user == "U1"
    with pytest.raises(SlackError, match="used_url"):
        urls.use(secret, NOW)


def test_it_lives_for_thirty_minutes() -> None:
    urls = ResponseUrls()
    secret = urls.issue(ResponseUrl("U1", "C1", NOW))
    assert urls.use(secret, NOW + timedelta(minutes=30)).channel == "C1"
    with pytest.raises(SlackError, match="expired_url"):
        urls.use(secret, NOW + timedelta(minutes=30, seconds=1))


def test_a_made_up_one_is_refused() -> None:
    with pytest.raises(SlackError, match="expired_url"):
        ResponseUrls().use("made-up", NOW)
