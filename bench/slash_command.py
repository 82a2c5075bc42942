"""The slash command as Slack sends it, over one kept connection."""

import http.client
import re
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from bench.definitions import CHANNEL, PERSON
from bench.place import SIGNING_SECRET, Place
from core.errors import Conflict
from slack_sandbox.signatures import signed_headers

EXECUTION = re.compile(rb"rbx_[0-9a-z]+")
FORM = "application/x-www-form-urlencoded"


class SlashCommands:
    """Sends commands to the web process. http.client, since what the client costs is in the figures too."""

    def __init__(self, place: Place) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", int(place.environment["PORT"]), timeout=30)

    def __enter__(self) -> Self:
        self._connection.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def run(self, runbook: str) -> tuple[str, float]:
        """`/runbook run NAME`: the new execution's id, and the seconds until the whole answer was there.

        Raises Conflict for an answer that names no execution: a refusal's time is not what is asked for.
        """
        body = form(f"run {runbook}").encode()
        headers = {"Content-Type": FORM, **signed_headers(SIGNING_SECRET, body, datetime.now(UTC))}
        start = time.perf_counter()
        self._connection.request("POST", "/slack/events", body, headers)
        response = self._connection.getresponse()
        answer = response.read()
        seconds = time.perf_counter() - start
        found = EXECUTION.search(answer)
        if response.status != http.client.OK or found is None:
            raise Conflict(f"The command was answered {response.status}: {answer.decode()}")
        return found[0].decode(), seconds


def form(text: str) -> str:
    """The body of a command, as Slack sends it."""
    return urlencode(
        {
            "team_id": "T0BENCH",
            "channel_id": CHANNEL,
            "user_id": PERSON,
            "command": "/runbook",
            "text": text,
            "response_url": "http://127.0.0.1:9/response",
            "trigger_id": f"bench.{time.monotonic_ns()}",
            "api_app_id": "A0BENCH",
        }
    )
