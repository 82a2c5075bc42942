"""The picker, its menus, shortcuts and mentions, as somebody uses them who may not, or too often, or forges them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.app import create_bolt_app
from core.limits import Limits, Rate
from core.services.library.approval import deprecate
from core.services.library.kinds import RUNBOOKS
from core.services.library.runbooks import runbook_named
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.conftest import company as company
from tests.acceptance.slack.conftest import response_url as response_url
from tests.acceptance.slack.fake_api import FakeApi, running_api
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.starting import (
    BOT,
    chooses,
    hears,
    mention,
    message_shortcut,
    payload,
    searches,
    sends,
    types,
)
from tests.acceptance.slack.test_run_form import submits
from tests.acceptance.slack.world import (
    ADMIN,
    BOTH_OPS,
    DB_OPS,
    NOBODY,
    WAIT,
    WEB_OPS,
    add_runbook,
    executions,
    the_incident,
)

FEW = Limits(suggestions_of_person=Rate(20, 0.001), commands_of_person=Rate(5, 0.001))


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running_api() as api:
        yield api


@pytest.fixture
def slack(company: UnitOfWorkFactory, api: FakeApi, response_url: ResponseUrl) -> Slack:
    app = create_bolt_app(company, workspace=ours, token="xoxb-1", api_url=api.url, limits=FEW)
    return Slack(app, response_url.url)


def id_of(company: UnitOfWorkFactory, name: str) -> str:
    with company.begin() as work:
        return runbook_named(work, name).id


def picker(company: UnitOfWorkFactory, **more: object) -> dict[str, Any]:
    """A picker for the incident of team database, whoever has it."""
    metadata = {"incident_id": the_incident(company).id, "picks": True, **more}
    return {
        "type": "modal",
        "id": "V1",
        "callback_id": "run.form",
        "title": {"type": "plain_text", "text": "Run a runbook"},
        "private_metadata": json.dumps(metadata),
        "blocks": [],
    }


def test_runbooks_of_another_team_are_never_offered_by_whatever_name(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    """Also not to somebody who is in both teams: it may not run for this incident."""
    for typed in ("", "web", "web-restart", "WEB"):
        for who in (DB_OPS, BOTH_OPS):
            assert "web-restart" not in searches(slack, picker(company), "run.pick", typed, who)


@pytest.mark.parametrize("who", [WEB_OPS, NOBODY])
def test_a_stranger_with_a_forged_view_is_offered_nothing(
    company: UnitOfWorkFactory, slack: Slack, who: str
) -> None:
    choices = {"properties": {"host": {"enum": [f"h{n}" for n in range(200)]}}}
    add_runbook(company, "many", team="database", parameters=choices, steps=[WAIT])
    form = picker(company, runbook_id=id_of(company, "many"))
    assert searches(slack, form, "run.pick", "", who) == []
    assert searches(slack, form, "run.incident", "", who) == []
    assert searches(slack, form, "value", "", who, block_id="parameter.host") == []
    assert len(searches(slack, form, "value", "h1", DB_OPS, block_id="parameter.host")) == 100


def test_a_stranger_who_chooses_in_a_forged_view_sees_no_form(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    chooses(slack, picker(company), "run.pick", id_of(company, "db-failover"), WEB_OPS)
    refused = api.next_view()
    assert "submit" not in refused
    assert "cluster" not in json.dumps(refused)
    chooses(slack, picker(company), "run.pick", id_of(company, "web-restart"), BOTH_OPS)
    assert "belongs to team web" in json.dumps(api.next_view())


def test_a_form_for_another_teams_runbook_starts_nothing(company: UnitOfWorkFactory, slack: Slack) -> None:
    forged = picker(company, runbook_id=id_of(company, "web-restart"), version=1)
    for who in (DB_OPS, WEB_OPS, BOTH_OPS, NOBODY):
        assert json.loads(submits(slack, forged, user=who).body)["response_action"] == "update"
    assert executions(company) == []


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "{",
        "[]",
        "7",
        '{"runbook_id": []}',
        '{"version": "1"}',
        '{"admin": true}',
        '{"incident_id": {"a": 1}}',
    ],
)
def test_metadata_that_is_none_of_ours_is_refused_in_a_sentence(
    company: UnitOfWorkFactory, slack: Slack, metadata: str
) -> None:
    answer = submits(slack, {**picker(company), "private_metadata": metadata})
    said = json.loads(answer.body)["view"]["blocks"][0]["text"]["text"]
    assert "went wrong on our side" not in said
    assert searches(slack, {**picker(company), "private_metadata": metadata}, "run.pick", "") == []
    assert executions(company) == []


def test_a_form_of_a_version_that_was_deprecated_meanwhile_starts_nothing(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    form = picker(company, runbook_id=id_of(company, "say-hello"), version=1)
    with company.begin() as work:
        deprecate(work, ADMIN, RUNBOOKS, runbook_named(work, "say-hello"))
    answer = json.loads(submits(slack, form).body)
    assert "say-hello is deprecated" in answer["view"]["blocks"][0]["text"]["text"]
    assert executions(company) == []


def test_a_form_of_a_version_that_was_replaced_meanwhile_starts_nothing(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    """Red before: the new version ran with what was entered for the old one."""
    form = picker(company, runbook_id=id_of(company, "say-hello"), version=1)
    add_runbook(company, "say-hello", description="Something else by now", steps=[WAIT])
    answer = json.loads(submits(slack, form).body)
    assert "was changed after version 1" in answer["view"]["blocks"][0]["text"]["text"]
    assert executions(company) == []


def test_of_a_thousand_runbooks_a_hundred_are_offered_and_the_rest_are_found_by_name(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    with company.begin() as work:
        row = runbook_named(work, "say-hello")
        columns = {c.key: getattr(row, c.key) for c in type(row).__table__.columns}
        for n in range(1_000):
            work.session.add(type(row)(**{**columns, "id": f"rbk_{n:04}", "name": f"bulk-{n:04}"}))
    assert len(searches(slack, picker(company), "run.pick", "")) == 100
    assert searches(slack, picker(company), "run.pick", "bulk 0999") == ["bulk-0999"]


def test_who_searches_too_often_is_offered_nothing_for_a_while_and_nobody_else_waits(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    view = picker(company)
    found = [bool(searches(slack, view, "run.pick", "hello")) for _ in range(25)]
    assert found == [True] * 20 + [False] * 5
    assert searches(slack, view, "run.pick", "hello", BOTH_OPS) == ["say-hello"]


@pytest.mark.parametrize(
    "changed",
    [
        {"bot_id": "B1"},
        {"user": BOT},
        {"user": None},
        {"subtype": "bot_message"},
        {"app_id": "A2"},
        {"edited": {"user": DB_OPS, "ts": "9.9"}},
        {"text": f"please <@{BOT}> run say-hello"},
        {"text": f"<@U0OTHER> <@{BOT}> run say-hello"},
        {"text": "run say-hello"},
    ],
)
def test_a_mention_by_a_bot_an_edited_one_and_one_in_passing_are_no_commands(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, changed: dict[str, Any]
) -> None:
    sent = mention("run say-hello")
    assert hears(slack, {**sent, "event": {**sent["event"], **changed}}).status == 200
    assert executions(company) == []
    hears(slack, mention("run say-hello"))
    assert "requested" in api.next_whisper()["text"]
    assert api.whispered.empty(), "nothing was said to the other one"


def test_a_message_that_is_edited_after_it_ran_does_not_run_again(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    sent = mention("run say-hello")
    hears(slack, sent)
    edited = {
        **sent["event"],
        "edited": {"user": DB_OPS, "ts": "9.9"},
        "text": f"<@{BOT}> run say-hello now=1",
    }
    hears(slack, {**sent, "event_id": "EvEdited", "event": edited})
    assert len(executions(company)) == 1


@pytest.mark.parametrize("place", ["user_team", "source_team"])
def test_a_mention_by_somebody_of_another_workspace_is_refused_and_they_are_told_why(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi, place: str
) -> None:
    theirs = (
        {"user_team": "T0OTHER"} if place == "user_team" else {"user_team": None, "source_team": "T0OTHER"}
    )
    hears(slack, mention("run say-hello", **theirs))
    assert "different Slack workspace" in api.next_whisper()["text"]
    assert executions(company) == []


def test_mentions_count_like_commands_and_a_cancel_is_never_held_up(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    for _ in range(6):
        hears(slack, mention("help"))
    said = [api.next_whisper()["text"] for _ in range(6)]
    assert sum("too many commands" in text for text in said) == 1
    hears(slack, mention("cancel rbx_none"))
    assert "rbx_none" in api.next_whisper()["text"]


def test_a_shortcut_from_another_app_opens_nothing(
    slack: Slack, api: FakeApi, response_url: ResponseUrl
) -> None:
    stranger = payload("message_action", DB_OPS, callback_id="run.message_shortcut", api_app_id="A2")
    sends(slack, stranger | {"response_url": response_url.url})
    assert "different Slack app" in response_url.next_text()
    assert api.opened == []


def test_names_and_descriptions_neither_ping_nor_format_in_the_picker(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    nasty = "<!channel> <@U1> *bold* <https://evil.example|here> @here"
    add_runbook(company, "nasty", team="database", description=nasty, steps=[WAIT | {"name": nasty}])
    types(slack, "run")
    chooses(slack, api.next_view(), "run.pick", id_of(company, "nasty"))
    shown = json.dumps(api.next_view())
    assert "<!channel>" not in shown
    assert "<@U1>" not in shown
    assert "<https://evil" not in shown


def test_the_message_of_a_shortcut_is_no_command(
    company: UnitOfWorkFactory, slack: Slack, api: FakeApi
) -> None:
    message_shortcut(slack, NOBODY)
    assert "No incident of your teams" in json.dumps(api.next_view())
    assert executions(company) == []
