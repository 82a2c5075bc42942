"""Detect whether the app can post in the channel where a command was typed.

Slack lets people type commands in private channels that the app is not in. The person gets a reply, but nobody would
see what the command starts. Only such channels are checked, and only until the app is found to be a member.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from core.services.shared.notices import revive
from core.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger()

SECONDS = 1.0  # of the 3 that Slack waits; after that, no warning is given
# The channel name that Slack sends for private places. A public channel is sent by its own name, and the app joins it.
# https://docs.slack.dev/interactivity/implementing-slash-commands
HIDDEN = frozenset({"privategroup", "directmessage"})
NOT_THERE = frozenset({"channel_not_found", "not_in_channel"})
WARNING = (
    "⚠️ I am not in this channel, so I cannot post updates here. Type `/invite` and my name; "
    "they appear with your next command here."
)


class Presence:
    """Asks Slack on threads of its own, so that a slow Slack delays a command by at most `SECONDS`."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, token: str, api_url: str) -> None:
        self._unit_of_work = unit_of_work
        self._client = WebClient(token=token, base_url=api_url, timeout=2, retry_handlers=[])
        self._executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="presence")
        self._known: set[str] = set()

    def warning(self, body: Mapping[str, Any]) -> str | None:
        """Return the warning to append to a command's reply; None if the app can post there, or if it is not known."""
        channel, name = str(body["channel_id"]), str(body.get("channel_name", ""))
        if channel in self._known or not (name in HIDDEN or name.startswith("mpdm-")):
            return None
        is_there = self._is_there(channel)
        if is_there:
            self._known.add(channel)
            self._unit_of_work.run(lambda work: revive(work, channel, NOT_THERE))
        return WARNING if is_there is False else None

    def _is_there(self, channel: str) -> bool | None:
        """Return None if Slack does not answer in time, or with an error of another kind."""
        future = self._executor.submit(self._client.conversations_info, channel=channel)
        try:
            info = future.result(timeout=SECONDS)["channel"]
        except SlackApiError as error:
            code = str(error.response.get("error"))
            return False if code in NOT_THERE else None
        except (SlackClientError, OSError, FutureTimeout, KeyError) as error:
            future.cancel()
            log.warning("presence unknown", channel=channel, error=str(error) or type(error).__name__)
            return None
        return bool(info.get("is_member") or info.get("is_im"))
