"""The poster's calls to Slack, with a short timeout and without the SDK's retries."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from slack_sdk import WebClient

from bot.cards.blocks import Message
from bot.cards.output_file import OutputFile

TIMEOUT_SECONDS = 10
PAGE, MOST_PAGES = 200, 5  # messages to search: enough for the minutes in which a post can be uncertain


def open_client(token: str, api_url: str) -> WebClient:
    """Return a client that never repeats a call: the SDK's default retries a dropped connection, and may post twice."""
    return WebClient(token=token, base_url=api_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])


def is_person(channel: str) -> bool:
    """Return whether a message for this id is a direct message."""
    return channel.startswith(("U", "W"))


@dataclass(frozen=True)
class Found:
    """A message that did arrive: its ts, and its metadata's payload."""

    ts: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class SlackCalls:
    """The calls. Each raises the errors in `answers.CALL_ERRORS`."""

    client: WebClient

    def post(self, channel: str, message: Message, thread_ts: str | None, *, broadcast: bool) -> str:
        """Post a message and return its ts."""
        answer = self.client.chat_postMessage(
            channel=channel,
            text=message.text,
            blocks=message.blocks,
            metadata=message.metadata,
            thread_ts=thread_ts,
            reply_broadcast=broadcast if thread_ts else None,
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    def upload(self, channel: str, file: OutputFile, thread_ts: str | None) -> None:
        """Upload a text file and share it there. Which message shows it, Slack decides later and does not answer.

        https://docs.slack.dev/messaging/working-with-files#uploading_files
        """
        self.client.files_upload_v2(
            filename=file.name,
            title=file.title,
            content=file.text,
            snippet_type="text",
            channel=channel,
            thread_ts=thread_ts,
        )

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Update a message. Unlike posting, this needs the id of a conversation, also for a direct message:
        https://docs.slack.dev/reference/methods/chat.update.
        """
        self.client.chat_update(
            channel=self._conversation(channel),
            ts=ts,
            text=message.text,
            blocks=message.blocks,
            metadata=message.metadata,
        )

    def find(self, channel: str, notice_id: str, part: int, thread_ts: str | None) -> Found | None:
        """Return the message with this notice and part in its metadata, or in the name of its file, if it did arrive.

        Reads a channel from its newest message, a thread from its oldest, page by page. For a person, it reads our
        direct messages with them.
        """
        options: dict[str, Any] = {
            "channel": self._conversation(channel),
            "limit": PAGE,
            "include_all_metadata": True,
        }
        pages = (
            self.client.conversations_replies(ts=thread_ts, **options)
            if thread_ts
            else self.client.conversations_history(**options)
        )
        for page in islice(pages, MOST_PAGES):
            for message in page["messages"]:
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("notice_id") == notice_id and payload.get("part", 0) == part:
                    return Found(str(message["ts"]), payload)
                if any(f".{notice_id}." in str(file.get("name")) for file in message.get("files") or ()):
                    return Found(str(message["ts"]), {})
        return None

    def _conversation(self, channel: str) -> str:
        """Return the channel; for a person, our direct messages with them."""
        if not is_person(channel):
            return channel
        return str(self.client.conversations_open(users=[channel])["channel"]["id"])

    def join(self, channel: str) -> None:
        self.client.conversations_join(channel=channel)
