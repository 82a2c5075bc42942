"""Opens and updates modals on threads of its own, so that a slow Slack delays no acknowledgement."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.modals.form import View, modal

log = structlog.get_logger()

# Slack waits 3 s for the acknowledgement, and a trigger_id is valid for as long:
# https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
SECONDS = 1.5
THREADS = 32  # they only wait for Slack: as many as may open a form at the same moment, so that none waits for another
REFUSED = (SlackClientError, OSError)


@dataclass(frozen=True)
class Slow:
    """A view that takes a while to make: a loading view with this title is shown meanwhile."""

    title: str
    build: Callable[[], View]


Build = Callable[[], View | Slow]


def loading(title: str) -> View:
    """Return the view that is shown while another one is being made."""
    text = {"type": "mrkdwn", "text": "⏳ One moment…"}
    return modal(title, [{"type": "section", "text": text}])


@dataclass(frozen=True)
class Shown:
    """A view that somebody sees. `hash`: of what they see; an update of something newer is refused by Slack.

    https://docs.slack.dev/reference/methods/views.update
    """

    view_id: str
    hash: str | None = None

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> "Shown":
        """Return the view of an interaction, or of the answer to a call."""
        return cls(str(view.get("id", "")), view.get("hash"))


class Opener:
    """Opens views. The methods that return a future do it after the acknowledgement."""

    def __init__(self, token: str, api_url: str) -> None:
        self._client = WebClient(token=token, base_url=api_url, timeout=2, retry_handlers=[])
        self._executor = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="modal")

    def __call__(self, trigger_id: str, view: Mapping[str, object]) -> bool:
        """Open the view within `SECONDS`. Returns True if the person certainly sees it."""
        future = self._executor.submit(self._client.views_open, trigger_id=trigger_id, view=dict(view))
        try:
            future.result(timeout=SECONDS)
        except (*REFUSED, FutureTimeout) as error:
            future.cancel()
            log.warning("modal not opened", error=str(error) or type(error).__name__)
            return False
        return True

    def open_later(
        self, trigger_id: str, title: str, build: Build, otherwise: Callable[[], object]
    ) -> "Future[None]":
        """Open a loading view, and replace it with what `build` returns. `otherwise` is called if it does not open."""
        return self._submit(lambda: self._open(trigger_id, title, build, otherwise))

    def update_later(self, shown: Shown, build: Build) -> "Future[None]":
        """Replace a view with what `build` returns."""
        return self._submit(lambda: self._update(shown, build, is_loading=False))

    def _submit(self, act: Callable[[], None]) -> "Future[None]":
        future = self._executor.submit(act)
        future.add_done_callback(_log_failure)
        return future

    def _open(self, trigger_id: str, title: str, build: Build, otherwise: Callable[[], object]) -> None:
        try:
            answer = self._client.views_open(trigger_id=trigger_id, view=dict(loading(title)))
        except REFUSED as error:
            log.warning("modal not opened", error=str(error) or type(error).__name__)
            otherwise()
            return
        self._update(Shown.of(answer.get("view") or {}), build, is_loading=True)

    def _update(self, shown: Shown, build: Build, *, is_loading: bool) -> None:
        view = build()
        if not isinstance(view, Slow):
            self._replace(shown, view)
            return
        if not is_loading:
            answer = self._replace(shown, loading(view.title))
            shown = Shown.of(answer.get("view") or {}) if answer else shown
        self._replace(shown, view.build())

    def _replace(self, shown: Shown, view: View) -> Any:
        """Return Slack's answer; None if the person has closed the view, or sees something newer."""
        try:
            return self._client.views_update(view_id=shown.view_id, hash=shown.hash, view=dict(view))
        except REFUSED as error:
            log.info("modal not updated", error=str(error) or type(error).__name__)
            return None


def _log_failure(future: "Future[None]") -> None:
    error = future.exception() if not future.cancelled() else None
    if error is not None:
        log.error("a modal failed", exc_info=error)
