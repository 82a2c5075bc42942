"""When something is broken: people get a sentence, operators an id, and Slack its acknowledgement."""

import re

import pytest
from structlog.testing import capture_logs

from bot.app import create_bolt_app
from core.clock import SystemClock
from core.database import open_engine
from core.service import Service
from tests.acceptance.slack.conftest import NOBODY_LISTENS, ResponseUrl
from tests.acceptance.slack.requests import SECRET, Slack, command_form
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS, executions
from tests.conftest import RecordedBells


@pytest.fixture
def without_database() -> Slack:
    engine = open_engine("postgresql://127.0.0.1:9/nothing")
    service = Service(engine, SystemClock(), RecordedBells())
    return Slack(create_bolt_app(service, signing_secret=SECRET, token="xoxb-1", api_url=NOBODY_LISTENS))


def test_commands_are_acknowledged_while_slacks_api_is_unreachable(company: Service, slack: Slack) -> None:
    assert "is asked for" in slack.types(DB_OPS, DB_CHANNEL, "run say-hello")
    assert len(executions(company)) == 1


def test_without_a_database_a_command_is_answered_with_a_sentence_and_an_id(without_database: Slack) -> None:
    with capture_logs() as logs:
        said = without_database.types(DB_OPS, DB_CHANNEL, "run say-hello")
    assert "The database cannot be reached just now." in said
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
