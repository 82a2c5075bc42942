"""The pages, fetched with a token: filters, paging, files, and what people wrote."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.test_incidents import opened

HOSTILE = '<img src=x onerror=alert(1)> "\u202e &amp;'
NEXT = re.compile(r'href="([^"]+)" rel="next"')


@pytest.fixture
def execution(responder: TestClient) -> dict[str, Any]:
    address = f"/api/incidents/{opened(responder)['id']}/runbooks/db-check/execute"
    answer = responder.post(address, json={"parameters": {"cluster": "orders"}})
    found: dict[str, Any] = answer.json()["execution"]
    return found


def test_lists_are_filtered_and_say_what_cannot_be_meant(
    responder: TestClient, execution: dict[str, Any]
) -> None:
    number, run = f"inc-{execution['incident_number']}", execution["id"]
    for query in ("", f"?incident={number}", "?runbook=db-check", "?show=mine", "?status=pending"):
        assert run in responder.get(f"/runs{query}").text, query
    for query in (
        f"?incident={number}&status=failed",
        "?runbook=db-check&until=2000-01-01",
        "?status=failed",
    ):
        assert run not in responder.get(f"/runs{query}").text, query

    missing = responder.get("/runs?runbook=nosuch")
    assert (missing.status_code, "There is no runbook nosuch" in missing.text) == (404, True)
    for path, said in (
        ("/runs?status=nice", "status must be one of"),
        ("/runs?since=yesterday", "since must be a date"),
        ("/incidents?after=abc", "This cursor is invalid"),
        ("/incidents?status=x", "status must be one of open"),
    ):
        refused = responder.get(path)
        assert (refused.status_code, said in refused.text) == (422, True), path
    assert "There is no team nosuch" in responder.get("/incidents?team=nosuch").text


def test_pages_of_a_list_are_walked_through_by_their_links(responder: TestClient) -> None:
    ids = {opened(responder)["id"] for _ in range(53)}
    first = responder.get("/incidents?status=open")
    [following] = NEXT.findall(first.text)
    second = responder.get("/incidents" + following.replace("&amp;", "&"))
    seen = [re.findall(r'<tr id="(inc_[^"]+)"', page.text) for page in (first, second)]
    assert [len(page) for page in seen] == [50, 3]
    assert {each for page in seen for each in page} == ids
    assert not NEXT.findall(second.text)


def test_what_people_wrote_is_shown_as_text(responder: TestClient) -> None:
    incident = opened(responder, title=HOSTILE, description=HOSTILE, labels={HOSTILE: HOSTILE})
    responder.post(f"/api/incidents/{incident['id']}/notes", json={"text": HOSTILE})
    for path in ("/", "/incidents", f"/incidents/{incident['id']}", "/runs?runbook=%3Cimg%20src%3D"):
        page = responder.get(path).text
        assert "<img" not in page, path
        assert "\u202e" not in page, path
    assert "\\u202e" in responder.get(f"/incidents/{incident['id']}").text


def test_a_report_and_parts_of_steps_are_files(
    responder: TestClient, other: TestClient, execution: dict[str, Any]
) -> None:
    report = responder.get(f"/incidents/inc-{execution['incident_number']}/report")
    assert report.headers["Content-Type"].startswith("text/markdown")
    assert f'filename="inc-{execution["incident_number"]}.md"' in report.headers["Content-Disposition"]
    assert "db-check" in report.text

    step = execution["steps"][0]["id"]
    part = f"/runs/{execution['id']}/steps/{step}/request"
    assert responder.get(part).json() is None  # it has not begun
    assert responder.get(part).headers["Content-Disposition"].startswith("attachment")
    assert responder.get(part.replace("request", "error")).status_code == 404
    assert other.get(part).status_code == 404


def test_the_audit_trail_is_for_admins_and_exported_whole(client_of: ClientOf, responder: TestClient) -> None:
    refused = responder.get("/audit")
    assert (refused.status_code, "Only admins may read" in refused.text) == (403, True)
    opened(responder)
    admin = client_of("U0DBADMIN")
    assert "incident.opened" in admin.get("/audit?action=incident.opened").text
    assert "No entry is found" in admin.get("/audit?action=never.done").text
    lines = admin.get("/audit/export?action=incident.opened").text.splitlines()
    assert len(lines) == 1
    assert '"action":"incident.opened"' in lines[0]


def test_a_page_asks_for_its_run_again_until_it_has_ended(
    client_of: ClientOf, responder: TestClient, execution: dict[str, Any]
) -> None:
    path = f"/runs/{execution['id']}"
    [ask] = re.findall(r'hx-get="([^"]+)"', responder.get(path).text)
    assert responder.get(ask).status_code == 204  # nothing has changed
    responder.post(f"/api/runbooks/executions/{execution['id']}/cancel")
    part = responder.get(ask)
    assert part.status_code == 286  # htmx asks no more
    assert "cancelled" in part.text
    assert "<html" not in part.text
    assert "hx-get" not in part.text


def test_files_of_the_pages_may_be_kept_for_ever(stranger: TestClient) -> None:
    page = stranger.get("/problems/not_found").text
    for address in re.findall(r'(?:href|src)="(/assets/[^"]+)"', page):
        file = stranger.get(address)
        assert file.status_code == 200
        assert "immutable" in file.headers["Cache-Control"]
    assert stranger.get("/assets/style.css").status_code == 404
    assert stranger.get("/assets/..%2Fpages.js").status_code == 404
