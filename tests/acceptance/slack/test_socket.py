"""The same app over Socket Mode, against the sandbox."""

import threading
import time
from collections.abc import Iterator

import pytest

from bot.app import create_bolt_app
from bot.socket import run_socket
from core.decisions.installation import Workspace
from core.errors import ConfigurationError
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.config import AppConfig, ChannelConfig, UserConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.acceptance.slack.conftest import NOBODY_LISTENS
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS, executions
from tests.integration.slack_sandbox.people import People, eventually

APP = AppConfig(socket_mode=True, request_url=None)
OURS = Workspace("T0DEMO", "", APP.id)
WORKSPACE = WorkspaceConfig(
    app=APP,
    users=(UserConfig(id=DB_OPS, name="ops"),),
    channels=(ChannelConfig(id=DB_CHANNEL, name="inc-1"),),
)


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox(WORKSPACE) as running:
        yield running


@pytest.fixture
def people(sandbox: RunningSandbox) -> Iterator[People]:
    people = People(sandbox.url)
    yield people
    people.close()


class Socket:
    """`run_socket` in a thread of its own; `ended_with`: what it raised."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, api_url: str, app_token: str) -> None:
        self._app = create_bolt_app(
            unit_of_work, workspace=lambda: OURS, token=APP.bot_token, api_url=api_url
        )
        self._token, self._stop = app_token, threading.Event()
        self.ended_with: ConfigurationError | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            run_socket(self._app, self._token, self._stop)
        except ConfigurationError as error:
            self.ended_with = error

    def stop(self) -> None:
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_a_command_is_done_and_answered_over_the_socket(
    company: UnitOfWorkFactory, sandbox: RunningSandbox, people: People
) -> None:
    socket = Socket(company, sandbox.api_url, APP.app_token)
    eventually(lambda: people.do("/app")["socket_connections"] == 1)
    assert people.say("/runbook run say-hello", user=DB_OPS, channel=DB_CHANNEL) == {"ok": True}
    (row,) = executions(company)
    (answer,) = people.ephemerals(user=DB_OPS, channel=DB_CHANNEL)
    assert row.id in answer["text"]
    socket.stop()
    eventually(lambda: people.do("/app")["socket_connections"] == 0)


def test_a_token_that_slack_does_not_take_ends_it_with_a_sentence(
    company: UnitOfWorkFactory, sandbox: RunningSandbox
) -> None:
    socket = Socket(company, sandbox.api_url, "xapp-wrong")
    socket.wait()
    assert "Slack rejects SLACK_APP_TOKEN (invalid_auth)." in str(socket.ended_with)


def test_it_waits_for_a_slack_that_is_down_and_still_stops_at_once(company: UnitOfWorkFactory) -> None:
    socket = Socket(company, NOBODY_LISTENS, APP.app_token)
    time.sleep(0.3)  # it is between two tries, or in one: both must end
    began = time.monotonic()
    socket.stop()
    assert time.monotonic() - began < 10
    assert socket.ended_with is None
