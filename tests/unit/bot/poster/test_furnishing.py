"""Pins and bookmarks: there once, however often they are asked for; a missing scope costs that alone."""

from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.pages.links import RunLinks
from bot.poster.answers import GiveUp, Join, Later
from bot.poster.furnishing import Wanted, after_refusal, furnish

LINKS = RunLinks("https://runbook.example/", "secret")
PAGE = "https://runbook.example/runs/rbx_1?token=1.a"


def refused(code: str, status: int = 200, **headers: str) -> SlackApiError:
    class Response(dict[str, Any]):
        status_code = status

    Response.headers = headers  # type: ignore[attr-defined]
    return SlackApiError("refused", Response(error=code))  # type: ignore[no-untyped-call]


class Channel:
    """A channel's pins and bookmarks, as Slack keeps them."""

    def __init__(self, **refusals: str) -> None:
        self.pins: list[str] = []
        self.bookmarks: list[dict[str, str]] = []
        self._refusals = refusals

    def pins_add(self, *, channel: str, timestamp: str) -> None:
        self._refuse("pins_add")
        if timestamp in self.pins:
            raise refused("already_pinned")
        self.pins.append(timestamp)

    def bookmarks_list(self, *, channel_id: str) -> dict[str, Any]:
        self._refuse("bookmarks_list")
        return {"bookmarks": [dict(each) for each in self.bookmarks]}

    def bookmarks_add(self, *, channel_id: str, title: str, type: str, link: str) -> None:  # noqa: A002 Slack's name
        self.bookmarks.append({"id": f"Bk{len(self.bookmarks)}", "title": title, "link": link})

    def bookmarks_edit(self, *, bookmark_id: str, channel_id: str, title: str, link: str) -> None:
        [found] = [each for each in self.bookmarks if each["id"] == bookmark_id]
        found |= {"title": title, "link": link}

    def _refuse(self, method: str) -> None:
        if method in self._refusals:
            raise refused(self._refusals[method])

    def furnish(self, wanted: Wanted) -> None:
        furnish(cast("WebClient", self), "C1", wanted, LINKS)


def test_a_pin_that_an_attempt_before_a_crash_set_is_no_error() -> None:
    channel = Channel()
    channel.furnish(Wanted(card="1.1"))
    channel.furnish(Wanted(card="1.1"))
    assert channel.pins == ["1.1"]


def test_a_bookmark_is_found_again_and_follows_the_newest_run() -> None:
    channel = Channel()
    channel.bookmarks.append({"id": "Bk0", "title": "Theirs", "link": "https://wiki.example"})
    channel.furnish(Wanted(title="Run: one", link=PAGE))
    channel.furnish(Wanted(title="Run: one", link=PAGE.replace("1.a", "2.b")))
    assert [each["link"] for each in channel.bookmarks] == ["https://wiki.example", PAGE]
    channel.furnish(Wanted(title="Run: two", link=PAGE.replace("rbx_1", "rbx_2")))
    assert [each["title"] for each in channel.bookmarks] == ["Theirs", "Run: two"]


def test_without_anything_to_show_nothing_is_called() -> None:
    Channel(pins_add="fatal_error", bookmarks_list="fatal_error").furnish(Wanted())


def test_a_missing_scope_is_final_and_what_passes_is_retried_at_its_pace() -> None:
    assert after_refusal(refused("missing_scope"), 1) == GiveUp("missing_scope")
    assert after_refusal(refused("not_pinnable"), 1) == GiveUp("not_pinnable")
    assert after_refusal(refused("message_not_found"), 1) == GiveUp("message_not_found")
    assert after_refusal(refused("not_in_channel"), 1) == Join()
    slow = after_refusal(refused("ratelimited", 429, **{"Retry-After": "7"}), 1)
    assert isinstance(slow, Later)
    assert slow.delay.total_seconds() == 7
    assert slow.scope_held, "the others of its kind wait as well"
