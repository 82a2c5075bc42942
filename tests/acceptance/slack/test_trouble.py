"""When something is broken: people get a sentence, operators an id, and Slack its acknowledgement."""

import re
import socket
import time
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.app import create_bolt_app
from core.clock import SystemClock
from core.database import open_engine
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import NOBODY_LISTENS, ResponseUrl
from tests.acceptance.slack.requests import Slack, command_form, ours
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS, executions
from tests.conftest import RecordedJobs
from workers.job_queue import RqJobQueue, open_redis


@pytest.fixture
def without_database() -> Slack:
    engine = open_engine("postgresql://127.0.0.1:9/nothing")
    unit_of_work = UnitOfWorkFactory(engine, SystemClock(), RecordedJobs())
    return Slack(create_bolt_app(unit_of_work, workspace=ours, token="xoxb-1", api_url=NOBODY_LISTENS))


def test_commands_are_acknowledged_while_slacks_api_is_unreachable(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    assert "requested for" in slack.types(DB_OPS, DB_CHANNEL, "run say-hello")
    assert len(executions(company)) == 1


REFUSES, NEVER_ANSWERS = "redis://127.0.0.1:1/0", "redis://127.0.0.1:{port}/0"


@pytest.mark.parametrize("redis", [REFUSES, NEVER_ANSWERS], ids=["refuses", "never answers"])
def test_commands_are_committed_and_answered_in_time_while_redis_is_away(
    company: UnitOfWorkFactory, redis: str
) -> None:
    """Slack waits 3 seconds: https://docs.slack.dev/interactivity/implementing-slash-commands/"""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bell = RqJobQueue(open_redis(redis.format(port=listener.getsockname()[1])))
        app = create_bolt_app(
            replace(company, job_queue=bell),
            workspace=ours,
            token="xoxb-1",
            api_url=NOBODY_LISTENS,
        )
        began = time.monotonic()
        assert "requested for" in Slack(app).types(DB_OPS, DB_CHANNEL, "run say-hello")
        assert time.monotonic() - began < 3
    assert [execution.status for execution in executions(company)] == ["pending"]


def test_without_a_database_a_command_is_answered_with_a_sentence_and_an_id(without_database: Slack) -> None:
    with capture_logs() as logs:
        said = without_database.types(DB_OPS, DB_CHANNEL, "run say-hello")
    assert "The database cannot be reached." in said
    reference = re.search(r"err_[0-9a-f]{8}", said)
    assert reference
    assert [entry["reference"] for entry in logs if "reference" in entry] == [reference[0]]


def test_an_unknown_error_gets_an_id_that_is_logged_and_shown(
    slack: Slack, response_url: ResponseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("bot.app.press", broken)
    with capture_logs() as logs:
        assert slack.clicks(DB_OPS, "run.cancel", "rbx_1").status == 200
        said = response_url.next_text()
    assert "secret detail" not in said
    (reference,) = [entry["reference"] for entry in logs if "reference" in entry]
    assert reference in said


def test_the_command_may_be_named_anything(slack: Slack) -> None:
    renamed = command_form(DB_OPS, DB_CHANNEL, "show say-hello", "trigger.1").replace(
        "%2Frunbook", "%2Fops-do"
    )
    assert "/ops-do run say-hello" in str(slack.deliver(renamed).body)
