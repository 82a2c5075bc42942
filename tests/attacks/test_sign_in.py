"""Signing in to the pages: as somebody else, from elsewhere, with what is old or used, and by another site's hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.pages.access.sessions import LIFETIME, TIME_TO_SIGN_IN
from core.services.access.directory import note_standing
from core.statuses import Standing
from core.tables import AuditEntry, RunbookExecution
from slack_sandbox.serving import RunningSandbox
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, NOBODY, PLATFORM, WEB_ADMIN, Deployment
from tests.attacks.matrix_world import Things
from tests.attacks.sign_in_world import ELSEWHERE, GUEST, LINKS, PUBLIC, Browser, open_to_browsers, workspace

SESSION = "runbook_session"


@pytest.fixture(scope="module")
def slack() -> Iterator[RunningSandbox]:
    with RunningSandbox(workspace()) as running:
        yield running


@pytest.fixture
def browser(deployment: Deployment, slack: RunningSandbox) -> Browser:
    open_to_browsers(deployment, slack)
    return Browser(deployment)


def test_somebody_signs_in_reads_and_signs_out(browser: Browser, slack: RunningSandbox) -> None:
    assert browser.get("/runs").status_code == 401
    assert "Sign in with Slack" in browser.get("/runs").text

    back = browser.sign_in(slack, DATA_OPS, "/runs?status=failed")
    assert (back.status_code, back.headers["location"]) == (303, "/runs?status=failed")
    [cookie] = [each for each in back.headers.get_list("set-cookie") if each.startswith(SESSION)]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert f"Max-Age={int(LIFETIME.total_seconds())}" in cookie
    assert browser.get("/runs").status_code == 200
    assert "Overview" in browser.get("/runs/rbx_none").text  # a refusal leads on, too

    fields = browser.forms("/runs")["/sign-out"]
    assert browser.send("/sign-out", fields).headers["location"] == "/sign-in/out"
    assert browser.get("/runs").status_code == 401


def test_with_https_no_other_host_and_no_clear_text_gets_the_cookie(
    deployment: Deployment, slack: RunningSandbox
) -> None:
    open_to_browsers(deployment, slack, replace(LINKS, public_url="https://runbooks.example"))
    [cookie] = Browser(deployment).client.get("/sign-in").headers.get_list("set-cookie")
    assert cookie.startswith("__Host-runbook_sign_in=")
    assert "Secure" in cookie
    assert "Path=/" in cookie


def test_a_state_that_is_not_this_browsers_signs_nobody_in(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    """Login CSRF: the victim's browser is to be signed in as the attacker."""
    attacker = Browser(deployment)
    of_attacker = attacker.allow(slack, attacker.begin(), WEB_ADMIN)
    before = browser.finish(of_attacker)
    browser.begin()
    for refused in (before, browser.finish(of_attacker), browser.finish({**of_attacker, "state": ""})):
        assert refused.status_code == 403
        assert "was not begun in this browser" in refused.text  # Slack was not even asked
        browser.begin()
    assert browser.get("/runs").status_code == 401


def test_a_code_is_good_once_and_only_for_the_browser_that_began(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    asked = browser.begin()
    cookies = dict(browser.client.cookies)
    returned = browser.allow(slack, asked, DATA_OPS)
    assert browser.finish(returned).status_code == 303
    assert browser.finish(returned).status_code == 403  # the attempt is over

    thief = Browser(deployment)
    thief.client.cookies.update(cookies)  # even with the cookie of the attempt: Slack refuses the code
    again = thief.finish(returned)
    assert again.status_code == 403
    assert "Slack did not confirm who you are" in again.text
    assert SESSION not in again.headers.get("set-cookie", "")


def test_the_identity_of_another_attempt_is_refused(browser: Browser, slack: RunningSandbox) -> None:
    """A code that was issued for another nonce, injected into this attempt with its state."""
    first = browser.begin()
    second = browser.begin()
    stolen = browser.allow(slack, {**second, "nonce": first["nonce"]}, DATA_OPS)
    assert browser.finish(stolen).status_code == 403


def test_an_attempt_and_a_session_end(deployment: Deployment, slack: RunningSandbox) -> None:
    clock = [datetime.now(UTC)]
    open_to_browsers(deployment, slack, replace(LINKS, now=lambda: clock[0]))
    browser = Browser(deployment)
    returned = browser.allow(slack, browser.begin(), DATA_OPS)
    clock[0] += TIME_TO_SIGN_IN + timedelta(seconds=1)
    assert browser.finish(returned).status_code == 403

    browser.sign_in(slack, DATA_OPS)
    clock[0] += LIFETIME - timedelta(seconds=1)
    assert browser.get("/runs").status_code == 200
    clock[0] += timedelta(seconds=2)
    assert browser.get("/runs").status_code == 401


@pytest.mark.parametrize(
    ("person", "why"), [(GUEST, "You are a guest"), (ELSEWHERE, "a different Slack workspace")]
)
def test_guests_and_people_of_other_workspaces_get_no_session(
    browser: Browser, slack: RunningSandbox, person: str, why: str
) -> None:
    refused = browser.sign_in(slack, person)
    assert refused.status_code == 403
    assert why in refused.text
    assert SESSION not in refused.headers.get("set-cookie", "")


def test_who_leaves_is_out_at_the_next_request(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    browser.sign_in(slack, PLATFORM)
    assert browser.get("/audit").status_code == 200
    with deployment.unit_of_work.begin() as work:
        note_standing(work, PLATFORM, Standing.DEACTIVATED)
    refused = browser.get("/audit")
    assert refused.status_code == 403
    assert "Your Slack account is deactivated" in refused.text


def test_a_cookie_that_we_did_not_sign_is_nobodys(browser: Browser, slack: RunningSandbox) -> None:
    browser.sign_in(slack, NOBODY)
    good = browser.client.cookies[SESSION]
    attempt = Browser(browser.deployment)
    attempt.begin()
    for forged in (
        good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        good.split(".")[0],
        "A" + good,
        attempt.client.cookies["runbook_sign_in"],  # signed by us, for something else
    ):
        other = Browser(browser.deployment)
        other.client.cookies.set(SESSION, forged)
        assert other.get("/runs").status_code == 401, forged


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1", "/\r\nX: y", ""]
)
def test_nobody_is_sent_to_another_host(browser: Browser, slack: RunningSandbox, back: str) -> None:
    assert browser.sign_in(slack, DATA_OPS, back).headers["location"] == "/"


def test_another_site_cannot_act_through_somebodys_session(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    run = Things(deployment).run()
    path = f"/runs/{run}/cancel"
    browser.sign_in(slack, DATA_OPS)
    fields = browser.forms(f"/runs/{run}")[path]
    other = Browser(deployment)
    other.sign_in(slack, DATA_ADMIN)
    of_other = other.forms(f"/runs/{run}")[path]

    assert browser.send(path, {}).status_code == 403
    assert browser.send(path, {**fields, "form": ""}).status_code == 403
    assert browser.send(path, {**fields, "form": of_other["form"]}).status_code == 403
    assert browser.send(path, fields, Origin="https://evil.example").status_code == 403
    assert browser.send(path, fields, Origin="null").status_code == 403
    assert browser.send(path, fields, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.send(path, fields, **{"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert deployment.see(run).status == "pending"
    assert browser.send(path, fields, Origin=PUBLIC, Host="behind-a-proxy:8000").status_code == 303
    assert deployment.see(run).status == "cancelled"


def test_a_second_click_decides_nothing_anew(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    gate = Things(deployment).gate()
    browser.sign_in(slack, DATA_OPS)
    path = f"/approvals/{gate}/approve"
    fields = browser.forms("/approvals")[path]
    first, second = browser.send(path, fields), browser.send(path, fields)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    with deployment.unit_of_work.begin() as work:
        approved = select(func.count()).where(AuditEntry.action == "approval.approved")
        assert work.session.scalar(approved) == 1

    changed = browser.send(path, {**fields, "reason": "something else"})
    assert changed.status_code == 422  # the key was used for another form
    assert browser.send(f"/approvals/{gate}/reject", {**fields, "reason": "no"}).status_code in (409, 422)


def test_what_has_changed_since_it_was_read_is_not_approved(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    things = Things(deployment)
    gate = things.gate()
    browser.sign_in(slack, DATA_OPS)
    path = f"/approvals/{gate}/approve"
    fields = browser.forms("/approvals")[path]
    refused = browser.send(path, {**fields, "seen": "0" * 64})
    assert refused.status_code == 409
    assert "has changed since you saw it" in refused.text
    assert "Waiting for approval" in refused.text  # the run as it stands, with the form
    assert browser.send(path, {**fields, "seen": ""}).status_code == 409
    with deployment.unit_of_work.begin() as work:
        [run] = work.session.scalars(select(RunbookExecution))
        assert run.status == "waiting"


def test_a_signed_link_reads_its_page_and_nothing_else(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    run = Things(deployment).run()
    query = f"?token={LINKS.sign(run)}"
    page = browser.get(f"/runs/{run}{query}")
    assert page.status_code == 200
    assert "<form" not in page.text
    assert browser.send(f"/runs/{run}/cancel{query}", {}).status_code == 401
    for path in ("/", "/runs", "/approvals", "/incidents", "/audit", f"/runs/{run}/steps/pause/request"):
        assert browser.get(path + query).status_code == 401
    browser.sign_in(slack, WEB_ADMIN)  # the link is still good for somebody of another team
    assert browser.get(f"/runs/{run}").status_code == 404
    page = browser.get(f"/runs/{run}{query}")
    assert page.status_code == 200
    assert f"/runs/{run}/cancel" not in page.text


def test_without_a_client_of_slacks_the_pages_say_how_to_get_in(deployment: Deployment) -> None:
    browser = Browser(deployment)
    said = (
        "Nobody can sign in here yet: an operator sets SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and PUBLIC_URL."
    )
    assert said in browser.get("/runs").text
    assert (browser.get("/sign-in").status_code, said in browser.get("/sign-in").text) == (422, True)
