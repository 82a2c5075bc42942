"""Attacks on what is said at a gate, on its form, and on whom it is shown, reminded and escalated to."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from core.services.runs.gate_prompts import prompt_deciders
from core.tables import Approval, Notice
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, NOBODY, WEB_ADMIN, WEB_CHANNEL, WEB_OPS, Deployment
from tests.attacks.gates import (
    GATED,
    button_value,
    decide,
    decided_in_slack,
    execute,
    gate_card,
    gate_of,
    press,
    seen,
    shown,
)
from tests.unit.bot.cards.building import markups

ESCALATING = """
kind: runbook
name: gated
team: data
steps:
  - {{id: gate, type: approval, approvers: {{team: data, role: admin}}, expires: 60m, {more}}}
  - {{id: told, type: message, text: Done}}
"""
PINGS = "<!channel> <@U0WEBADMIN> @here <https://evil.example|press here> `x` *b*"


def asked(deployment: Deployment, person: str = DATA_OPS, more: str | None = None) -> tuple[str, Any]:
    """A run of a gated runbook and its gate."""
    deployment.apply(GATED if more is None else ESCALATING.format(more=more))
    run = execute(deployment, person, "gated", deployment.incident("data").id)
    return run, gate_of(deployment, run)


def notices(deployment: Deployment, kind: str) -> list[tuple[str, str | None]]:
    """Key and channel of each notice of this kind."""
    with deployment.unit_of_work.begin() as work:
        found = work.session.query(Notice).filter_by(kind=kind).order_by(Notice.number)
        return [(notice.key, notice.channel) for notice in found]


def after(deployment: Deployment, minutes: float, gate: Any) -> None:
    """Let the gate be older by this, and the scheduler look."""
    back = timedelta(minutes=minutes)
    with deployment.unit_of_work.begin() as work:
        row = work.session.get_one(Approval, gate["id"])
        row.opened_at -= back
        row.expires_at = row.expires_at - back if row.expires_at else None
        row.prompt_at = row.prompt_at - back if row.prompt_at else None
        if row.escalation:
            at = datetime.fromisoformat(row.escalation["at"]) - back
            row.escalation = {**row.escalation, "at": at.isoformat()}
    prompt_deciders(deployment.unit_of_work)


def submit(deployment: Deployment, person: str, reason: object, **stored: object) -> str:
    """What stands in the form after this person sent it off with this stored in it; empty if it was accepted."""
    element = {"type": "plain_text_input", "value": reason}
    payload = {
        "type": "view_submission",
        "team": {"id": "T1", "domain": "t"},
        "user": {"id": person, "team_id": "T1"},
        "api_app_id": "A1",
        "trigger_id": "1.2.3",
        "view": {
            "id": "V1",
            "type": "modal",
            "callback_id": "approval.form",
            "title": {"type": "plain_text", "text": "Reject"},
            "private_metadata": json.dumps({"approved": False, "response_url": "", **stored}),
            "state": {"values": {"decision.reason": {"value": element}}},
            "app_id": "A1",
        },
        "response_urls": [],
    }
    answer = deployment.slack.deliver(urlencode({"payload": json.dumps(payload)}))
    assert answer.status == 200
    return str(answer.body or "")


def test_a_reason_neither_pings_nor_links_nor_formats(deployment: Deployment) -> None:
    run, gate = asked(deployment)
    value = button_value(deployment, gate["id"], "approval.reject")
    assert submit(deployment, DATA_ADMIN, PINGS, gate=value) == ""
    deployment.work()
    card = "\n".join(_raw(deployment, gate["id"]))
    for markup in ("<!channel>", "<@U0WEBADMIN>", "<https://evil", "@here"):
        assert markup not in card, card
    error = deployment.see(run).error or ""
    assert "<@U0WEBADMIN>" not in error, "the run's card would mention them"


def _raw(deployment: Deployment, gate: str) -> list[str]:
    message = gate_card(deployment, gate)
    return [message.text, *markups(message.blocks)]


@pytest.mark.parametrize("person", [DATA_OPS, WEB_ADMIN, NOBODY])
def test_a_form_forged_for_somebody_elses_gate_decides_nothing(deployment: Deployment, person: str) -> None:
    run, gate = asked(deployment)
    value = button_value(deployment, gate["id"], "approval.reject")
    assert (
        "Nothing" in submit(deployment, person, "No.", gate=value)
        or gate_of(deployment, run)["decisions"] == []
    )
    assert gate_of(deployment, run)["status"] == "open"


@pytest.mark.parametrize(
    "forged",
    [{}, {"gate": 7}, {"gate": "apr_0"}, {"gate": "{id}:0123456789abcdef"}, {"gate": "{id}", "approved": 1}],
)
def test_what_a_forged_form_stores_decides_nothing(deployment: Deployment, forged: dict[str, Any]) -> None:
    run, gate = asked(deployment)
    stored = {
        name: value.format(**gate) if isinstance(value, str) else value for name, value in forged.items()
    }
    assert submit(deployment, DATA_ADMIN, "No.", **stored) != ""
    assert gate_of(deployment, run)["decisions"] == []


def test_a_digest_of_another_gate_is_not_good_for_this_one(deployment: Deployment) -> None:
    run, gate = asked(deployment)
    other = gate_of(
        deployment, execute(deployment, DATA_OPS, "gated", deployment.incident("data").id, note="b")
    )
    value = f"{gate['id']}:{other['digest'][:16]}"
    assert "has changed since you saw it" in submit(deployment, DATA_ADMIN, "No.", gate=value)
    assert gate_of(deployment, run)["status"] == "open"


@pytest.mark.parametrize("reason", ["x" * 501, "", " \n", None, 7])
def test_a_reason_beyond_its_bounds_decides_nothing(deployment: Deployment, reason: object) -> None:
    run, gate = asked(deployment)
    value = button_value(deployment, gate["id"], "approval.reject")
    answer = submit(deployment, DATA_ADMIN, reason, gate=value)
    assert ('"errors"' in answer) is (reason != 7)
    assert (gate_of(deployment, run) is None) is (reason == 7)


def test_a_repeated_form_decides_once(deployment: Deployment) -> None:
    _, gate = asked(deployment)
    value = button_value(deployment, gate["id"], "approval.reject")
    assert submit(deployment, DATA_ADMIN, "No.", gate=value) == ""
    assert f"Rejected by <@{DATA_ADMIN}>" in submit(deployment, DATA_ADMIN, "No.", gate=value)


def test_reminders_of_a_gate_name_and_reach_nobody_of_another_team(deployment: Deployment) -> None:
    _, gate = asked(deployment, more="notify: {dm: true}")
    after(deployment, 30, gate)
    assert notices(deployment, "gate") == [("", None), (f"dm.{DATA_ADMIN}", DATA_ADMIN)]
    assert notices(deployment, "reminder") == [("half", None), (f"half.{DATA_ADMIN}", DATA_ADMIN)]


def test_a_gate_is_not_shown_in_a_channel_of_another_team(deployment: Deployment) -> None:
    web = (
        f"kind: team\nname: web\nmembers: [{{slack: {WEB_OPS}, role: responder}}]\nchannels: [{WEB_CHANNEL}]"
    )
    deployment.apply(web)
    more = f"escalate_after: 5m, escalate_to: {{channel: {WEB_CHANNEL}}}, notify: {{channel: {WEB_CHANNEL}}}"
    _, gate = asked(deployment, more=more)
    after(deployment, 5, gate)
    assert notices(deployment, "gate") == [("", None)]
    assert {channel for _, channel in notices(deployment, "message")} == {None}


def test_before_it_escalates_those_people_neither_see_nor_decide_it(deployment: Deployment) -> None:
    more = "escalate_after: 5m, escalate_to: {team: web, role: admin}"
    run, gate = asked(deployment, more=more)
    assert "There is no approval" in decided_in_slack(deployment, WEB_ADMIN, gate)
    assert deployment.rest(WEB_ADMIN).get("/api/approvals").json()["approvals"] == []
    after(deployment, 5, gate)
    [listed] = deployment.rest(WEB_ADMIN).get("/api/approvals").json()["approvals"]
    assert listed["id"] == gate["id"]
    assert deployment.rest(WEB_OPS).post(f"/api/approvals/{gate['id']}/approve").status_code == 403
    assert decide(deployment, WEB_ADMIN, gate, "approve", digest=gate["digest"]).status_code == 200
    deployment.work()
    assert seen(deployment, run)["status"] == "succeeded"


def test_an_initiator_is_excluded_from_what_is_escalated_to_them(deployment: Deployment) -> None:
    more = f"escalate_after: 5m, escalate_to: {{people: [{DATA_OPS}]}}"
    run, gate = asked(deployment, more=more)
    after(deployment, 5, gate)
    assert "You requested this run" in decided_in_slack(deployment, DATA_OPS, gate)
    assert (f"dm.{DATA_OPS}", DATA_OPS) not in notices(deployment, "gate")
    assert gate_of(deployment, run)["decisions"] == []


def test_a_large_team_gets_at_most_ten_direct_messages(deployment: Deployment) -> None:
    members = "".join(f"\n  - {{slack: U0MANY{n}, role: admin}}" for n in range(30))
    deployment.apply(f"kind: team\nname: data\nmembers:{members}\n  - {{slack: {DATA_OPS}, role: responder}}")
    _, gate = asked(deployment, more="notify: {dm: true}")
    assert len([key for key, _ in notices(deployment, "gate") if key.startswith("dm.")]) == 10
    after(deployment, 30, gate)
    assert len(notices(deployment, "reminder")) == 11


def test_what_another_team_approved_is_not_shown(deployment: Deployment) -> None:
    deployment.apply(
        GATED.replace("name: gated\nteam: data", "name: shared").replace(
            "team: data, role: admin", "role: admin"
        )
    )
    first = execute(deployment, WEB_OPS, "shared", deployment.incident("web").id, note="a secret of web")
    decided_in_slack(deployment, WEB_ADMIN, gate_of(deployment, first), silent=True)
    deployment.work()
    second = execute(deployment, DATA_OPS, "shared", deployment.incident("data").id, note="ours")
    assert gate_of(deployment, second)["since"] is None
    assert "a secret of web" not in shown(deployment, gate_of(deployment, second)["id"])


def test_a_button_without_its_gate_opens_no_form(deployment: Deployment) -> None:
    for value in ("", ":", "apr_0", "x" * 2000):
        assert "There is no approval" in press(deployment, DATA_ADMIN, "approval.comment", value)
