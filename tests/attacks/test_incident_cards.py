"""A member of team web presses the buttons of data's incidents, forges what they carry, and looks into their own Home
tab for what is not theirs.
"""

import json
from typing import Any

import pytest

from bot.cards.home import home_view
from bot.cards.incident import timeline_lines
from bot.cards.report import markdown
from bot.cards.words import WORD_JOINER
from bot.incident_buttons import INCIDENT_BUTTONS, INCIDENT_FORMS
from bot.incident_listeners import FORMS
from core.services.access.people import load_person
from core.services.incidents.home import mark_home_tabs, open_home_tab, see_home
from core.services.incidents.report import report_of
from core.services.incidents.timeline import last_lines
from core.tables import HomeTab, Incident
from tests.attacks.deployment import DATA_ADMIN, DATA_CHANNEL, DATA_OPS, WEB_CHANNEL, WEB_OPS, Deployment
from tests.attacks.matrix_world import GATED, Things

SECRET_TITLE = "The merger is off"
PINGS = "<!channel> <!here> @everyone <@U0DATAADMIN> <https://evil.example|Approve> *x*"


def told(deployment: Deployment) -> str:
    return str(deployment.told.get(timeout=10)["text"])


def events(deployment: Deployment, incident: Incident) -> list[str]:
    with deployment.unit_of_work.begin() as work:
        return [line.text for line in last_lines(work, work.session.get_one(Incident, incident.id), 50)]


@pytest.mark.parametrize("button", [*INCIDENT_BUTTONS, *INCIDENT_FORMS])
def test_buttons_of_another_teams_incident_are_those_of_none(deployment: Deployment, button: str) -> None:
    incident = deployment.incident("data", title=SECRET_TITLE)
    before = events(deployment, incident)
    for value in (incident.id, f"inc-{incident.number}"):
        deployment.slack.clicks(WEB_OPS, button, value)
        theirs = told(deployment)
        deployment.slack.clicks(WEB_OPS, button, "inc-99999")
        assert theirs.replace(value, "ID") == told(deployment).replace("inc-99999", "ID")
        assert SECRET_TITLE not in theirs
    assert events(deployment, incident) == before


@pytest.mark.parametrize("button", [*INCIDENT_BUTTONS, *INCIDENT_FORMS])
@pytest.mark.parametrize(
    "value", ["", "x" * 2000, "inc_\u202e", "'; --", "-1", "inc_1:rbk_1", "９", "99999999999"]
)
def test_forged_values_are_refused_in_words(deployment: Deployment, button: str, value: str) -> None:
    deployment.incident("data")
    deployment.slack.clicks(DATA_OPS, button, value)
    said = told(deployment)
    assert "There is no incident" in said
    assert "err_" not in said


@pytest.mark.parametrize("form", FORMS)
def test_forged_forms_do_nothing_for_another_team(deployment: Deployment, form: str) -> None:
    incident = deployment.incident("data")
    before = events(deployment, incident)
    entered = {
        "title": {"value": {"value": "Mine"}},
        "text": {"value": {"value": "mine"}},
        "severity": {"value": {"selected_option": {"value": "critical"}}},
        "team": {"value": {"selected_option": {"value": "data"}}},
        "where": {"value": {"selected_option": {"value": "here"}}},
    }
    forged: list[Any] = [{"incident_id": incident.id}, {"channel": DATA_CHANNEL}, {"owner": 1}, [], "x"]
    for about in forged:
        view: dict[str, Any] = {
            "id": "V1",
            "type": "modal",
            "callback_id": form,
            "title": {"text": "t"},
            "private_metadata": json.dumps(about),
            "state": {"values": entered},
        }
        payload: dict[str, object] = {
            "type": "view_submission",
            "team": {"id": "T1"},
            "user": {"id": WEB_OPS, "team_id": "T1"},
            "api_app_id": "A1",
            "trigger_id": "1.2.3",
            "view": view,
        }
        answer = deployment.slack.submits(payload)
        assert answer.status == 200
        assert '"response_action": "update"' in answer.body or "errors" in answer.body
        assert "err_" not in answer.body
    assert events(deployment, incident) == before


def home_of(deployment: Deployment, user: str) -> str:
    with deployment.unit_of_work.begin() as work:
        home = see_home(work, load_person(work, user, source="slack"))
        return json.dumps(home_view(home, work.now, lambda run: run), ensure_ascii=False)


def test_the_home_tab_shows_nothing_of_other_teams(deployment: Deployment) -> None:
    things = Things(deployment)
    run = things.run(GATED)
    deployment.work()
    deployment.incident("data", title=SECRET_TITLE)
    ours, theirs = home_of(deployment, DATA_ADMIN), home_of(deployment, WEB_OPS)
    assert run in ours
    assert SECRET_TITLE in ours
    assert "approval.approve" in ours
    for secret in (run, SECRET_TITLE, things.newest, "approval.approve", DATA_CHANNEL):
        assert secret not in theirs


def test_a_change_wakes_the_tabs_of_those_who_see_it_alone(deployment: Deployment) -> None:
    incident = deployment.incident("data")
    with deployment.unit_of_work.begin() as work:
        for person in (DATA_OPS, WEB_OPS):
            open_home_tab(work, person)
    with deployment.unit_of_work.begin() as work:
        mark_home_tabs(work, incident.id, incident.id)
    with deployment.unit_of_work.begin() as work:
        assert {row.slack_user_id: row.wanted for row in work.session.query(HomeTab)} == {
            DATA_OPS: 2,
            WEB_OPS: 1,
        }


def test_titles_and_notes_ping_nobody_in_slack_and_format_nothing_in_markdown(deployment: Deployment) -> None:
    incident = deployment.incident("data", title=PINGS, labels={"room": PINGS}, description=PINGS)
    deployment.slack.types(DATA_OPS, DATA_CHANNEL, f"note {PINGS}")
    with deployment.unit_of_work.begin() as work:
        row = work.session.get_one(Incident, incident.id)
        report = report_of(work, row)
        lines = "\n".join(timeline_lines(last_lines(work, row, 5)))
    for said in (lines, home_of(deployment, DATA_OPS)):
        assert "<!channel>" not in said
        assert "<!here>" not in said
        assert "@everyone" not in said
        assert "<https://evil" not in said
    exported = markdown(report)
    assert "<!" not in exported
    assert f"@{WORD_JOINER}everyone" in exported
    assert "https://" not in exported


def test_a_thousand_notes_cost_the_timeline_button_ten_lines(deployment: Deployment) -> None:
    incident = deployment.incident("data")
    with deployment.unit_of_work.begin() as work:
        work.session.connection().exec_driver_sql(
            "INSERT INTO incident_events (id, incident_id, type, actor, details, created_at)"
            f" SELECT 'evt_' || n, '{incident.id}', 'incident.note', '{DATA_OPS}',"
            " jsonb_build_object('text', repeat('x', 3000)), now() FROM generate_series(1, 1000) n"
        )
    deployment.slack.clicks(DATA_OPS, "incident.timeline", incident.id)
    said = told(deployment)
    assert said.count("noted: ") == 10
    assert len(said) <= 4000


def test_web_cannot_have_its_incident_handled_in_datas_channel(deployment: Deployment) -> None:
    deployment.incident("data")
    said = deployment.slack.types(WEB_OPS, DATA_CHANNEL, "incident open Mine team=web channel=here")
    assert "cannot be the channel of an incident of team web" in said
    assert "inc-" in deployment.slack.types(WEB_OPS, WEB_CHANNEL, "incident open Mine team=web channel=here")


def test_the_report_of_another_team_is_not_found_on_any_way(deployment: Deployment) -> None:
    incident = deployment.incident("data", title=SECRET_TITLE)
    assert SECRET_TITLE not in deployment.slack.types(WEB_OPS, DATA_CHANNEL, "incident export")
    refused = deployment.rest(WEB_OPS).get(f"/api/incidents/{incident.id}/export")
    assert refused.status_code == 404
    found = deployment.rest(DATA_OPS).get(f"/api/incidents/{incident.id}/export")
    assert found.headers["content-type"].startswith("text/markdown")
    assert found.text.startswith(f"# inc-{incident.number}: {SECRET_TITLE}")
