"""Commands as mentions, in channels and threads: the same commands, answered to who sent them alone."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.app import create_bolt_app
from core.tables import IncidentEvent
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.fake_api import FakeApi, running_api
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.starting import hears, mention, payload, sends
from tests.acceptance.slack.test_run_form import elements, submits
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS, QUIET_CHANNEL, WEB_OPS, executions


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def slack(company: UnitOfWorkFactory, api: FakeApi, response_url: ResponseUrl) -> Slack:
    return Slack(create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=api.url), response_url.url)


def notes(company: UnitOfWorkFactory) -> list[str]:
    with company.begin() as work:
        return [
            event.details["text"]
            for event in work.session.query(IncidentEvent).filter_by(type="incident.note")
        ]


def test_a_mention_starts_a_run_and_answers_its_sender_in_the_thread(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    sent = mention("run db-failover cluster=orders", thread_ts="4.1")
    assert hears(slack, sent).status == 200
    (row,) = executions(company)
    assert (row.runbook_name, row.requested_by, row.parameters["cluster"]) == (
        "db-failover",
        DB_OPS,
        "orders",
    )
    whisper = api.next_whisper()
    assert (whisper["channel"], whisper["user"], whisper["thread_ts"]) == (DB_CHANNEL, DB_OPS, "4.1")
    assert row.id in whisper["text"]


def test_a_mention_outside_threads_is_answered_in_the_channel(slack: Slack, api: FakeApi) -> None:
    hears(slack, mention("list"))
    whisper = api.next_whisper()
    assert "db-failover" in whisper["text"]
    assert "thread_ts" not in whisper


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("help", "sub-commands"),
        ("show db-failover", "db-failover"),
        ("incident", "Orders DB down"),
        ("workflow list", "no workflows"),
        ("run db-failover cluster=mars", "cluster must be one of"),
        ("rum db-failover", "Did you mean run"),
        ("approvals", ""),
        ("stats db-failover", "db-failover"),
        ("run say-hello --dry-run", "Nothing has been done"),
    ],
)
def test_every_command_works_as_a_mention(slack: Slack, api: FakeApi, typed: str, said: str) -> None:
    hears(slack, mention(typed))
    whisper = api.next_whisper()
    assert said in whisper["text"]
    assert "/runbook" not in whisper["text"]


def test_the_same_message_acts_once_however_often_and_in_whichever_event_it_arrives(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    run, note = mention("run say-hello"), mention("note we looked")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda sent: hears(slack, sent), [run, note] * 4))
    hears(slack, {**run, "event_id": "EvAnother"})
    assert {answer.status for answer in answers} == {200}
    assert len(executions(company)) == 1
    assert notes(company) == ["we looked"]
    assert len([api.next_whisper(), api.next_whisper()]) == 2
    assert api.whispered.empty()


def test_what_is_missing_is_entered_in_a_form_that_a_button_opens(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    hears(slack, mention("run db-failover"))
    whisper = api.next_whisper()
    assert "cluster is missing." in whisper["text"]
    press(slack, whisper)
    form = api.next_view()
    assert list(elements(form)) == ["parameter.cluster", "parameter.reason"]
    submits(slack, form, cluster="users")
    (row,) = executions(company)
    assert row.parameters["cluster"] == "users"


@pytest.mark.parametrize(
    ("channel", "asks"), [(DB_CHANNEL, "Which runbook?"), (QUIET_CHANNEL, "Which incident?")]
)
def test_the_mention_alone_offers_the_picker(slack: Slack, api: FakeApi, channel: str, asks: str) -> None:
    hears(slack, mention("", channel=channel))
    whisper = api.next_whisper()
    assert whisper["blocks"]
    press(slack, whisper)
    assert asks in json.dumps(api.next_view())


def press(slack: Slack, whisper: dict[str, Any]) -> None:
    """Press the button of a reply."""
    [row] = [block for block in whisper["blocks"] if block["type"] == "actions"]
    [pressed] = row["elements"]
    action = {key: pressed[key] for key in ("action_id", "value", "type")} | {
        "block_id": "b",
        "action_ts": "1.1",
    }
    place = {"channel": {"id": whisper["channel"], "name": "inc"}, "response_url": slack.response_url}
    assert sends(slack, payload("block_actions", whisper["user"], actions=[action], **place)).status == 200


def test_who_may_not_is_told_so_in_the_same_words(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    hears(slack, mention("run say-hello", user=WEB_OPS))
    assert "Only responders of team database" in api.next_whisper()["text"]
    assert executions(company) == []
