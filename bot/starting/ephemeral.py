"""Replies to one person in a channel or thread, where a request has no `response_url`: events."""

from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.commands.call import Reply
from bot.starting.mentions import Mention

log = structlog.get_logger()

SECONDS = 3


class Whisperer:
    """Posts ephemeral messages on threads of its own. One that Slack does not take is lost, and nothing else.

    https://docs.slack.dev/reference/methods/chat.postEphemeral
    """

    def __init__(self, token: str, api_url: str) -> None:
        self._client = WebClient(token=token, base_url=api_url, timeout=SECONDS, retry_handlers=[])
        self._executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="whisper")

    def __call__(self, mention: Mention, reply: Reply) -> "Future[None]":
        """Reply to whoever sent the mention, in its thread if it is in one."""
        return self._executor.submit(self._send, mention, reply)

    def _send(self, mention: Mention, reply: Reply) -> None:
        try:
            self._client.chat_postEphemeral(
                channel=mention.channel_id,
                user=mention.user_id,
                text=reply.text,
                blocks=list(reply.blocks) or None,
                thread_ts=mention.thread_ts,
            )
        except (SlackClientError, OSError) as error:
            log.warning("reply not sent", error=str(error) or type(error).__name__)
