"""Known vulnerabilities of other products, tried on this one."""

import hashlib
import hmac
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.app import create_bolt_app
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.slack_http import slack_route
from bot.web import create_web
from cli.operator import OPERATOR
from core.callbacks import CallbackLinks
from core.definitions.runbook import RunbookDefinition
from core.definitions.validate import validate_files
from core.errors import NotFound
from core.io.process import Command, ProcessRunner
from core.services.access.tokens import Grant, create_service_token
from core.statuses import TokenScope
from core.steps.shell import ShellStep
from tests.acceptance.slack.requests import command_form, ours
from tests.attacks.deployment import DATA_ADMIN, NOBODY, PLATFORM, WEB_ADMIN, WEB_OPS, Deployment
from tests.attacks.matrix_world import Things

EXAMPLES = Path(__file__).parents[2] / "examples"
SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "env", "xargs", "eval", "python", "python3", "perl"}


LISTS = ("incidents", "runbooks", "workflows", "freezes", "approvals")


def addresses(things: Things) -> dict[str, str]:
    """What is of data alone: each address that shows one thing, and the id or name that no list may show to others."""
    run, workflow_run = things.run(), things.workflow_run()
    incident, runbook, workflow = things.incident(), things.runbook(), things.workflow()
    freeze = things.freeze()  # last, for nothing starts behind it
    return {
        f"/api/incidents/{incident}": incident,
        f"/api/incidents/{incident}/timeline": incident,
        f"/api/incidents/{incident}/runbooks/executions": incident,
        f"/api/runbooks/{runbook}": runbook,
        f"/api/runbooks/{runbook}/versions": runbook,
        f"/api/runbooks/{runbook}/executions": runbook,
        f"/api/runbooks/{runbook}/analytics": runbook,
        f"/api/workflows/{workflow}": workflow,
        f"/api/workflows/{workflow}/versions": workflow,
        f"/api/runbooks/executions/{run}": run,
        f"/api/workflows/executions/{workflow_run}": workflow_run,
        f"/api/freezes/{freeze}": freeze,
        f"/runs/{run}": run,
    }


@pytest.mark.parametrize("who", [WEB_OPS, WEB_ADMIN, NOBODY])
def test_what_a_list_leaves_out_is_not_to_be_had_by_its_id(deployment: Deployment, who: str) -> None:
    """Airflow, CVE-2026-46764: the list of the event log was scoped by Dag, one entry by its number was not.

    Here: a list's filter and the address of one thing ask the same policy. Green before too; it is kept so.
    """
    known = addresses(Things(deployment))
    listed = "".join(deployment.rest(who).get(f"/api/{each}").text for each in LISTS)
    for address, name in known.items():
        assert name not in listed
        assert deployment.rest(who).get(address).status_code == 404, address
        assert deployment.rest(DATA_ADMIN).get(address).status_code == 200, address


def test_the_audit_trail_is_scoped_whatever_filter_names_another_teams_thing(deployment: Deployment) -> None:
    """The same: an entry has no address of its own here, and a filter by subject never replaces that by team."""
    incident = deployment.incident("data").id
    asked = {"subject": incident}

    assert deployment.rest(WEB_ADMIN).get("/api/audit", params=asked).json()["audit"] == []
    lines = deployment.rest(WEB_ADMIN).get(
        "/api/audit", params=asked, headers={"Accept": "application/x-ndjson"}
    )
    assert lines.text == ""
    assert deployment.rest(DATA_ADMIN).get("/api/audit", params=asked).json()["audit"] != []


def shell_steps() -> list[tuple[str, ShellStep]]:
    books: list[RunbookDefinition] = []
    for folder in ("definitions", "library"):  # each is whole by itself
        definitions, problems = validate_files([EXAMPLES / folder])
        assert not problems
        books += [each for each in definitions if isinstance(each, RunbookDefinition)]
    steps = [(book.name, step) for book in books for _, step in book.placed_steps()]
    return [(name, step) for name, step in steps if isinstance(step, ShellStep)]


def test_no_example_hands_a_parameter_to_a_shell() -> None:
    """Airflow, GHSA-6pw3-8h9w-32gc (CVE-2022-40127): an example Dag put the caller's run_id into a bash command.

    Here: what we ship runs argv, and no program that would read an argument as a program. Green before too.
    """
    steps = shell_steps()
    assert steps
    for name, step in steps:
        assert Path(str(step.argv[0])).name not in SHELLS, (name, step.argv)
        assert "{{" not in str(step.argv[0]), (name, step.argv)


@pytest.mark.parametrize("hostile", ["; touch X", "$(touch X)", "`touch X`", "| touch X", "\ntouch X"])
def test_an_argument_stays_one_argument(hostile: str, tmp_path: Path) -> None:
    """The same, from the other end: whatever a parameter says, the program is given it as it is."""
    command = Command(["printf", "%s", f"{hostile} {tmp_path}"])
    done = ProcessRunner("/usr/bin:/bin").run(command, timedelta(seconds=10), threading.Event())

    assert done.stdout == f"{hostile} {tmp_path}"
    assert not list(tmp_path.iterdir())


def test_without_a_signing_secret_nothing_is_signed(deployment: Deployment) -> None:
    """n8n, CVE-2026-86080: a way to set up the trigger stored no secret, and then every signature was taken.

    Here: with an empty secret anybody can compute the signature. Red before: a web application that was composed
    without the Slack signing secret let anybody speak as anybody in Slack. (`runbook web` refuses to start so.)
    """
    open_door = create_web(
        deployment.unit_of_work,
        slack=slack_route(create_bolt_app(deployment.unit_of_work, workspace=ours, token="xoxb-1"), ""),
        rest=RestSettings(),
        pages=PageSettings(RunLinks("https://x", "")),
        newest_revision=None,
    )
    body = command_form(PLATFORM, "C0DATA", "help", "1.1")
    stamp = str(int(time.time()))
    forged = hmac.new(b"", f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": f"v0={forged}",
    }
    with_no_key = RunLinks("https://x", "")
    stranger = TestClient(open_door, raise_server_exceptions=False)

    assert stranger.post("/slack/events", content=body, headers=headers).status_code == 401
    assert stranger.get(f"/runs/rbx_0?token={with_no_key.sign('rbx_0')}").status_code == 401
    callbacks = CallbackLinks("https://x", "")
    with pytest.raises(NotFound):
        callbacks.read(callbacks.token("rbx_0", "step"))


ALERT: dict[str, Any] = {
    "status": "firing",
    "groupKey": "{}",
    "commonLabels": {"alertname": "Down", "team": "data", "owner": PLATFORM, "api_key": "x", "role": "admin"},
    "alerts": [{"status": "firing", "labels": {"alertname": "Down"}, "annotations": {}}],
}


def test_a_monitorings_key_is_no_key_to_the_deployment(deployment: Deployment) -> None:
    """Keep, CVE-2026-65057: its text is not to be found; this is the class that its webhook keys belong to.

    A key that is lent to a monitoring system, and what comes with its alerts, opens nothing but alerts of its team.
    Red before: the key was its person's, who read all that they may read, and approved.
    """
    with deployment.unit_of_work.begin() as work:
        grant = Grant(frozenset({TokenScope.ALERTS}), "data")
        key = deployment.carrying(create_service_token(work, OPERATOR, "monitoring", grant))
    opened = key.post("/api/alerts/alertmanager", json=ALERT).json()["incident"]

    assert opened["opened_by"] == "service:monitoring"
    for address in ("/api/incidents", f"/api/incidents/{opened['id']}", "/api/runbooks", "/api/audit"):
        assert key.get(address).status_code == 403
    for address in (
        "/api/runbooks",
        "/api/workflows",
        "/api/freezes",
        f"/api/incidents/{opened['id']}/close",
    ):
        assert key.post(address, json={}).status_code == 403
    to_web = {**ALERT, "commonLabels": {"alertname": "Down", "team": "web"}}
    assert key.post("/api/alerts/alertmanager", json=to_web).status_code in (403, 422)
