"""Opening a modal while a command waits for its acknowledgement: soon, or not at all."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

log = structlog.get_logger()

# Slack waits 3 s for the acknowledgement, and a trigger_id is good for as long:
# https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
SECONDS = 1.5


class Opener:
    """Opens views, by a thread of its own: a Slack that hangs holds up nobody longer than `SECONDS`."""

    def __init__(self, token: str, api_url: str) -> None:
        self._client = WebClient(token=token, base_url=api_url, timeout=2, retry_handlers=[])
        self._executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="modal")

    def __call__(self, trigger_id: str, view: Mapping[str, object]) -> bool:
        """Whether it is certain that the person sees the view."""
        future = self._executor.submit(self._client.views_open, trigger_id=trigger_id, view=dict(view))
        try:
            future.result(timeout=SECONDS)
        except (SlackClientError, OSError, FutureTimeout) as error:
            future.cancel()
            log.warning("modal not opened", error=str(error) or type(error).__name__)
            return False
        return True
