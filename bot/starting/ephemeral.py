"""Replies to one person in a channel or thread, where a request has no `response_url`: events."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.commands.call import Reply

log = structlog.get_logger()

SECONDS = 3


class Recipient(Protocol):
    """Somebody in a channel, and the thread that they write in, if any."""

    @property
    def channel_id(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def thread_ts(self) -> str | None: ...


class Whisperer:
    """Posts ephemeral messages on threads of its own. One that Slack does not take is lost, and nothing else.

    https://docs.slack.dev/reference/methods/chat.postEphemeral
    """

    def __init__(self, token: str, api_url: str) -> None:
        self._client = WebClient(token=token, base_url=api_url, timeout=SECONDS, retry_handlers=[])
        self._executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="whisper")

    def __call__(self, to: Recipient, reply: Reply) -> "Future[None]":
        """Reply so that nobody else sees it."""
        return self._executor.submit(self._send, to, reply)

    def _send(self, to: Recipient, reply: Reply) -> None:
        try:
            self._client.chat_postEphemeral(
                channel=to.channel_id,
                user=to.user_id,
                text=reply.text,
                blocks=list(reply.blocks) or None,
                thread_ts=to.thread_ts,
            )
        except (SlackClientError, OSError) as error:
            log.warning("reply not sent", error=str(error) or type(error).__name__)
