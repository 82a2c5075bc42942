"""Whether the app can post where a command was typed: Slack lets people type it in a private channel without the app.

A command is answered to who typed it, and says so; what it starts would be shown to nobody. Only those channels are
asked about, and each once as long as the app is there.
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

SECONDS = 1.0  # of the 3 that Slack waits; where it takes longer nothing is said
# What Slack calls a channel's name in a command from there
# (https://docs.slack.dev/interactivity/implementing-slash-commands): a public one has its own name, and is joined.
HIDDEN = frozenset({"privategroup", "directmessage"})
NOT_THERE = frozenset({"channel_not_found", "not_in_channel"})
WARNING = (
    "⚠️ I am not in this channel, so nothing of it is shown here. Type `/invite` and my name; "
    "with the next command here it appears."
)


class Presence:
    """Asks by a thread of its own: a Slack that hangs holds up nobody longer than `SECONDS`."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, token: str, api_url: str) -> None:
        self._unit_of_work = unit_of_work
        self._client = WebClient(token=token, base_url=api_url, timeout=2, retry_handlers=[])
        self._executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="presence")
        self._known: set[str] = set()

    def warning(self, body: Mapping[str, Any]) -> str | None:
        """What to say beside the answer to a command; None where the app can post there, or nobody knows."""
        channel, name = str(body["channel_id"]), str(body.get("channel_name", ""))
        if channel in self._known or not (name in HIDDEN or name.startswith("mpdm-")):
            return None
        is_there = self._is_there(channel)
        if is_there:
            self._known.add(channel)
            self._unit_of_work.run(lambda work: revive(work, channel, NOT_THERE))
        return WARNING if is_there is False else None

    def _is_there(self, channel: str) -> bool | None:
        """None where Slack does not say."""
        future = self._executor.submit(self._client.conversations_info, channel=channel)
        try:
            told = future.result(timeout=SECONDS)["channel"]
        except SlackApiError as error:
            code = str(error.response.get("error"))
            return False if code in NOT_THERE else None
        except (SlackClientError, OSError, FutureTimeout, KeyError) as error:
            future.cancel()
            log.warning("presence unknown", channel=channel, error=str(error) or type(error).__name__)
            return None
        return bool(told.get("is_member") or told.get("is_im"))
