"""`python -m bench path`: the files that one run passes through, and how often a call crosses from one to another.

A runbook of two steps is started by a signed slash command through the Bolt app, executed by the worker's executor and
shown by the poster, all in this process, with a profile hook (sys.setprofile). A run before it has loaded what is
loaded once. Calls of one test double stand for Slack's API; the database and the target of http steps are real.
"""

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, cast

from slack_bolt import App
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bench.place import SIGNING_SECRET, Place
from bench.slash_command import EXECUTION, FORM, form
from bot.poster import claims
from bot.poster.poster import Poster
from bot.slack_http import slack_route
from cli.roles.slack import bolt_app
from cli.roles.worker import executor_of
from core.services.executions.kinds import RUNBOOK
from slack_sandbox.signatures import signed_headers

ROOT = Path(__file__).parents[1]
OURS = ("bot", "cli", "core", "workers")


@dataclass
class Passed:
    """`files`: calls into each. `crossings`: calls from one into another, by caller and callee.

    The caller is the nearest file of ours on the stack: what a library calls for us is not lost. A generator's every
    turn is a call.
    """

    files: Counter[str] = field(default_factory=Counter)
    crossings: Counter[tuple[str, str]] = field(default_factory=Counter)
    _known: dict[str, str | None] = field(default_factory=dict)

    def on_event(self, frame: FrameType, event: str, _argument: object) -> None:
        """The profile hook."""
        file = self._ours(frame) if event == "call" else None
        if file is None:
            return
        self.files[file] += 1
        caller = frame.f_back
        while caller is not None and (before := self._ours(caller)) is None:
            caller = caller.f_back
        if caller is not None and before != file:
            self.crossings[str(before), file] += 1

    def _ours(self, frame: FrameType) -> str | None:
        """The file's path within the project; None for what is not the product's."""
        name = frame.f_code.co_filename
        if name not in self._known:
            path = Path(name)
            inside = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
            self._known[name] = inside if inside.partition("/")[0] in OURS else None
        return self._known[name]


@contextmanager
def watched(passed: Passed) -> Iterator[None]:
    """In this thread, and in those that begin meanwhile."""
    threading.setprofile(passed.on_event)
    sys.setprofile(passed.on_event)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


class AnsweringSlack:
    """Takes every message."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def chat_postMessage(self, **_message: object) -> dict[str, Any]:  # noqa: N802 Slack's name
        return {"ts": f"1.{next(self._numbers)}"}

    def chat_update(self, **message: object) -> dict[str, Any]:
        return dict(message)


def measure_path(place: Place, runbook: str) -> Mapping[str, Passed]:
    """Of its second run: the command, the execution, the messages."""
    claims.POST_EVERY = claims.UPDATE_EVERY = timedelta(0)  # nobody watches the channel
    app, executor = bolt_app(place.composition), executor_of(place.composition, place.environment)
    poster = Poster(place.unit_of_work, cast(WebClient, AnsweringSlack()), place.composition.links)
    parts: dict[str, Passed] = {}
    for _ in range(2):
        parts = {"command": Passed(), "execution": Passed(), "messages": Passed()}
        with watched(parts["command"]):
            execution_id = _command(app, runbook)
        with watched(parts["execution"]):
            executor.run(RUNBOOK, execution_id)
        with watched(parts["messages"]):
            while poster.deliver_one():
                pass
    return parts


def _command(app: App, runbook: str) -> str:
    """The id of the new execution."""
    body = form(f"run {runbook}").encode()
    headers = {"Content-Type": FORM, **signed_headers(SIGNING_SECRET, body, datetime.now(UTC))}
    with TestClient(Starlette(routes=[slack_route(app, SIGNING_SECRET)])) as web:
        answer = web.post("/slack/events", content=body, headers=headers)
    found = EXECUTION.search(answer.content)
    assert found is not None, answer.text
    return found[0].decode()


def print_path(runbook: str, parts: Mapping[str, Passed]) -> None:
    """The files, most called first, with the parts that call them; then both figures of each part."""
    calls = sum((passed.files for passed in parts.values()), Counter[str]())
    for file, times in calls.most_common():
        callers = ", ".join(name for name, passed in parts.items() if file in passed.files)
        print(f"{times:5}  {file:45}  {callers}")
    for name, passed in parts.items():
        print(f"{runbook}, {name}: {len(passed.files)} files, {passed.crossings.total()} crossings")
    crossings = sum(passed.crossings.total() for passed in parts.values())
    print(f"{runbook}, all: {len(calls)} files, {crossings} crossings")
