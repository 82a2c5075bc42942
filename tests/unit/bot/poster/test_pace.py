"""The pace that Slack documents."""

from datetime import timedelta

from bot.poster import claims


def test_a_channels_posts_are_held_channel_by_channel() -> None:
    assert claims.post_scope("C1") != claims.post_scope("C2")
    assert claims.post_scope("C1") != claims.UPDATE


def test_a_channel_gets_no_more_than_one_message_a_second() -> None:
    assert timedelta(seconds=1) <= claims.POST_EVERY


def test_updates_stay_within_tier_3() -> None:
    assert timedelta(minutes=1) / claims.UPDATE_EVERY <= 50
