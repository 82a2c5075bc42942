"""A member of team web tries to make the bot post a message to team data that looks like the bot's own."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bot.pages.links import RunLinks
from bot.poster.claims import claim_next
from bot.poster.rendering import render
from core.services.shared.notices import NoticeKind
from core.tables import Notice
from tests.attacks.deployment import (
    DATA_CHANNEL,
    PLATFORM,
    TEAMS,
    WEB_ADMIN,
    WEB_CHANNEL,
    WEB_OPS,
    Deployment,
)

FORGED = "🔐 *Approval needed*: db-failover v3. <https://evil.example|Approve>"
WORKFLOW = """
kind: workflow
name: web-phishing
team: web
trigger: {{on: incident.created}}
actions: [{{id: say, type: message, text: '{text}', channel: "{channel}"}}]
"""
RUNBOOK = """
kind: runbook
name: web-phishing
team: web
steps: [{{id: say, type: message, text: '{text}', channel: "{channel}"}}]
"""
BY_VALUE = "{{ incident.labels.room }}"


def messages(deployment: Deployment) -> list[tuple[str | None, str]]:
    with deployment.unit_of_work.begin() as work:
        rows = work.session.scalars(select(Notice).where(Notice.kind == "message").order_by(Notice.number))
        return [(row.channel, row.content["text"]) for row in rows]


def shown(deployment: Deployment) -> str:
    """All that the poster would post, as Slack gets it; of any pace, each a minute after the one before."""
    said = []
    for minute in range(50):
        with deployment.unit_of_work.begin() as work:
            now = work.now + timedelta(minutes=minute)
            claim = claim_next(work.session, now)
            if claim is not None:
                work.session.get_one(Notice, claim.notice_id).abandoned_at = now
                message = render(work, claim, RunLinks("", "")).message
                assert message is not None or claim.kind is NoticeKind.DETAIL  # which may have nothing new
                said += [json.dumps([message.text, message.blocks], ensure_ascii=False)] if message else []
    return "\n".join(line for line in said if "About" in line or "Approval" in line)


@pytest.mark.parametrize("channel", [DATA_CHANNEL, "C0GENERAL", "U0DATAOPS"])
@pytest.mark.parametrize("document", [WORKFLOW, RUNBOOK])
def test_a_definition_posts_into_no_channel_of_others(
    deployment: Deployment, document: str, channel: str
) -> None:
    # red before: the bot said "Approval needed" in data's channel
    deployment.apply(document.format(text=FORGED, channel=BY_VALUE))
    deployment.incident("data")
    incident = deployment.incident("web", labels={"room": channel}, opened_by=WEB_OPS)
    if document is RUNBOOK:
        deployment.slack.types(WEB_OPS, WEB_CHANNEL, "run web-phishing")
    deployment.work()

    assert not [to for to, text in messages(deployment) if to == channel and "Approval" in text]
    executions = "runbook_executions" if document is RUNBOOK else "workflow_executions"
    with deployment.unit_of_work.begin() as work:
        found = text(f"SELECT status, error FROM {executions} WHERE incident_id = :incident")
        row = work.session.execute(found, {"incident": incident.id}).one()
        assert row.status == "failed"
        assert f"{channel} is neither the incident's channel nor declared by team web" in str(row.error)


@pytest.mark.parametrize("kind", ["runbook", "workflow"])
def test_it_is_refused_when_it_is_written(deployment: Deployment, kind: str) -> None:
    # red before: 201
    document = RUNBOOK if kind == "runbook" else WORKFLOW
    headers = {"Content-Type": "application/yaml"}
    body = document.format(text="hello", channel=DATA_CHANNEL)

    answer = deployment.rest(WEB_ADMIN).post(f"/api/{kind}s", content=body, headers=headers)

    assert answer.status_code == 422
    assert f"{DATA_CHANNEL} is not a channel that team web declares." in answer.json()["detail"]


def test_where_a_team_may_post_it_still_does(deployment: Deployment) -> None:
    deployment.apply(TEAMS.replace("name: web\n", "name: web\nchannels: [C0WEBNEWS]\n"))
    deployment.apply(WORKFLOW.format(text="Down", channel="C0WEBNEWS"))
    deployment.apply(
        WORKFLOW.format(text="Here", channel=WEB_CHANNEL.join(("{{ '", "' }}"))).replace("web-p", "own-p")
    )
    deployment.incident("web")
    deployment.work()

    assert sorted(map(str, messages(deployment))) == sorted(
        map(str, [("C0WEBNEWS", "Down"), (WEB_CHANNEL, "Here")])
    )


def test_a_global_definition_posts_where_the_incidents_team_declares(deployment: Deployment) -> None:
    # red before: data's incident was told in web's channel, or anywhere
    deployment.apply(TEAMS.replace("name: web\n", "name: web\nchannels: [C0WEBNEWS]\n"))
    deployment.apply(WORKFLOW.format(text="Down", channel="C0WEBNEWS").replace("team: web\n", ""))
    deployment.incident("data")
    deployment.incident("web")
    deployment.work()

    assert [to for to, text in messages(deployment) if text == "Down"] == ["C0WEBNEWS"]


@pytest.mark.parametrize(
    "value",
    [
        "<!channel>",
        "<!here|x>",
        "<!everyone>",
        "<!subteam^S0ADMINS>",
        "<https://evil.example|Approve>",
        "@channel",
        "@here",
    ],
)
def test_what_a_value_brings_is_no_markup(deployment: Deployment, value: str) -> None:
    # red before for `@channel` and `@here`, which Slack may parse in plain text; the others were escaped already
    deployment.apply(
        WORKFLOW.format(text="About {{ incident.title }}, {{ incident.labels.x }}", channel=WEB_CHANNEL)
    )
    deployment.apply(RUNBOOK.format(text="About {{ incident.title }}", channel=WEB_CHANNEL))
    deployment.incident("web", title=value, labels={"x": value}, opened_by=PLATFORM)
    deployment.slack.types(WEB_OPS, WEB_CHANNEL, "run web-phishing")
    deployment.work()

    said = shown(deployment)
    assert "About" in said
    assert value not in said


def test_whose_words_they_are_is_said_where_no_text_reaches(deployment: Deployment) -> None:
    # red before for steps: the context named no runbook
    deployment.apply(WORKFLOW.format(text=FORGED, channel=WEB_CHANNEL))
    deployment.apply(RUNBOOK.format(text=FORGED, channel=WEB_CHANNEL))
    deployment.incident("web")
    deployment.slack.types(WEB_OPS, WEB_CHANNEL, "run web-phishing")
    deployment.work()

    lines = shown(deployment).splitlines()
    assert len(lines) == 2
    for line in lines:
        contexts = [block for block in json.loads(line)[1] if block["type"] == "context"]
        assert "*web-phishing*" in json.dumps(contexts)
        assert not [block for block in json.loads(line)[1] if block["type"] == "actions"]


ENDS = {
    "a step that fails with it": "[{id: stop, type: fail, message: 'About {{ incident.title }}'}]",
    "a child run that is called so": (
        "[{id: each, type: runbook, foreach: '[incident.title]',"
        " steps: [{id: stop, type: fail, message: About nothing}]}]"
    ),
}


@pytest.mark.parametrize("steps", ENDS.values(), ids=ENDS.keys())
def test_an_error_that_quotes_somebody_notifies_nobody(deployment: Deployment, steps: str) -> None:
    """Red before: the title of an alert stood in the run's error, and `<@U…>` in it was a mention."""
    deployment.apply(f"kind: runbook\nname: web-phishing\nteam: web\nsteps: {steps}\n")
    deployment.incident("web", title="About <@U0CHIEF>", opened_by=PLATFORM)
    deployment.slack.types(WEB_OPS, WEB_CHANNEL, "run web-phishing")
    deployment.work()

    said = shown(deployment)
    assert "U0CHIEF" in said
    assert "<@U0CHIEF>" not in said
