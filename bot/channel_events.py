"""Slack's events about channels: renamed, archived and unarchived, deleted, and the app removed or invited.

https://docs.slack.dev/reference/events. Each makes one call into core. Slack repeats events and sends some of them
twice in different words (`channel_left` and `member_left_channel`); core tells each trouble once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import App

from bot.entry_points import EVENTS as IN_THE_POLICY
from core.services.incidents.channel_troubles import ChannelNews, channel_changed
from core.unit_of_work import UnitOfWorkFactory

NEWS: Mapping[str, ChannelNews] = {
    "channel_rename": ChannelNews.RENAMED,
    "group_rename": ChannelNews.RENAMED,
    "channel_archive": ChannelNews.ARCHIVED,
    "group_archive": ChannelNews.ARCHIVED,
    "channel_unarchive": ChannelNews.BACK,
    "group_unarchive": ChannelNews.BACK,
    "channel_deleted": ChannelNews.DELETED,
    "group_deleted": ChannelNews.DELETED,
    "channel_left": ChannelNews.LEFT,
    "group_left": ChannelNews.LEFT,
}
# These are about any member; only those about the app itself are news.
OF_MEMBERS: Mapping[str, ChannelNews] = {
    "member_left_channel": ChannelNews.LEFT,
    "member_joined_channel": ChannelNews.BACK,
}


@dataclass(frozen=True)
class ChannelListeners:
    """The listeners of channel events."""

    unit_of_work: UnitOfWorkFactory

    def register(self, app: App) -> None:
        for type_ in (*NEWS, *OF_MEMBERS):
            if type_ in IN_THE_POLICY:
                app.event(type_)(self.on_event)

    def on_event(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        """Record the news, if it is any."""
        news = NEWS.get(event["type"]) or self._of_member(body, event)
        channel, name = named(event.get("channel"))
        if news is not None and channel:
            self.unit_of_work.run(lambda work: channel_changed(work, channel, news, name))

    def _of_member(self, body: Mapping[str, Any], event: Mapping[str, Any]) -> ChannelNews | None:
        is_app = event.get("user") in bots_of(body)
        return OF_MEMBERS[event["type"]] if is_app else None


def named(channel: object) -> tuple[str, str]:
    """Return the channel's id and its name: events carry an id, or an object with both."""
    if isinstance(channel, Mapping):
        return str(channel.get("id", "")), str(channel.get("name", ""))
    return str(channel or ""), ""


def bots_of(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the app's own user ids: https://docs.slack.dev/apis/events-api/#authorizations."""
    found = body.get("authorizations")
    rows = found if isinstance(found, list) else []
    return frozenset(
        str(row.get("user_id")) for row in rows if isinstance(row, Mapping) and row.get("is_bot")
    )
