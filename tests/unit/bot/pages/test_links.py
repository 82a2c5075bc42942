"""Links to the pages of runs: how long they are good, and that those which are out there stay so."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.pages.links import GOOD_FOR, RunLinks

SENT_BY_EARLIER_RELEASES = "iAWSRNZ4xfxBMsjVBkNu3ERT66SSahl3ns8XmXKIrUk"  # for rbx_1, by this secret
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def links(now: datetime = NOW, secret: str = "the secret") -> RunLinks:
    return RunLinks("https://runbooks.example", secret, lambda: now)


TOKEN = links().sign("rbx_1")


@pytest.mark.parametrize("token", [TOKEN, SENT_BY_EARLIER_RELEASES])
def test_a_link_is_good_for_its_run_and_no_other(token: str) -> None:
    assert links().is_signed("rbx_1", token)
    assert not links().is_signed("rbx_2", token)
    assert not links(secret="another").is_signed("rbx_1", token)


def test_a_link_expires() -> None:
    last = NOW + GOOD_FOR
    assert links(last).is_signed("rbx_1", TOKEN)
    assert not links(last).has_expired("rbx_1", TOKEN)
    assert not links(last + timedelta(seconds=1)).is_signed("rbx_1", TOKEN)
    assert links(last + timedelta(seconds=1)).has_expired("rbx_1", TOKEN)


def test_nobody_gives_a_link_another_date() -> None:
    date, _, signature = TOKEN.partition(".")
    later = links(NOW + timedelta(days=365))
    newer = later.sign("rbx_1").partition(".")[0]
    assert newer != date
    assert not later.is_signed("rbx_1", f"{newer}.{signature}")
    assert not later.is_signed("rbx_1", signature)
    assert not later.is_signed(f"rbx_1.{date}", signature)


def test_who_signs_may_have_a_clock_that_is_ahead() -> None:
    assert links(NOW - timedelta(minutes=1)).is_signed("rbx_1", TOKEN)


@pytest.mark.parametrize("token", ["", ".", "..", "x", "x.y", "é.é", f"{TOKEN}.x", "\0"])
def test_what_we_did_not_sign_opens_nothing_and_never_did(token: str) -> None:
    assert not links().is_signed("rbx_1", token)
    assert not links(NOW + 2 * GOOD_FOR).has_expired("rbx_1", token)


def test_without_a_secret_nothing_is_signed() -> None:
    unsigned = links(secret="")
    assert not unsigned.is_signed("rbx_1", unsigned.sign("rbx_1"))
    assert not unsigned.has_expired("rbx_1", unsigned.sign("rbx_1"))
