"""What is only good for a while, with a clock that the test moves."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from slack_bolt import App
from slack_sdk.errors import SlackApiError

from slack_sandbox.config import WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from slack_sandbox.values import utc_now
from tests.integration.slack_sandbox.apps import a_bolt_app, bolt_over_http
from tests.integration.slack_sandbox.people import People
from tests.integration.slack_sandbox.test_modals import modal


class MovableClock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def slack(config: WorkspaceConfig, clock: MovableClock) -> Iterator[RunningSandbox]:
    with RunningSandbox(config, clock=clock) as running:
        yield running


@pytest.fixture
def app(slack: RunningSandbox) -> App:
    return a_bolt_app(slack)


@pytest.fixture
def command(app: App, people: People) -> Iterator[dict[str, Any]]:
    """A command that the app acknowledged and did not answer yet."""
    seen: list[dict[str, Any]] = []

    @app.command("/runbook")
    def run(ack: Any, command: dict[str, Any]) -> None:
        seen.append(command)
        ack()

    with bolt_over_http(app) as url:
        people.do("/app", request_url=url)
        people.say("/runbook list")
        yield seen[0]


def test_a_trigger_is_worth_nothing_after_three_seconds(
    app: App, command: dict[str, Any], clock: MovableClock
) -> None:
    clock.ahead = timedelta(seconds=3.1)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        app.client.views_open(trigger_id=command["trigger_id"], view=modal())


def test_a_response_url_is_worth_nothing_after_half_an_hour(
    command: dict[str, Any], people: People, clock: MovableClock
) -> None:
    clock.ahead = timedelta(minutes=29)
    assert httpx2.post(command["response_url"], json={"text": "in time"}).status_code == 200
    clock.ahead = timedelta(minutes=31)
    late = httpx2.post(command["response_url"], json={"text": "too late"})
    assert (late.status_code, late.json()["error"]) == (404, "expired_url")
    assert [message["text"] for message in people.ephemerals()] == ["in time"]
