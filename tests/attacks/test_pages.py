"""Attacks on the pages: through a proxy, by a run of ours that calls them, and with what nobody types into a form."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.limits import RestLimits
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.decisions.initiators import MOST_DEPTH
from core.limits import STANDARD, Rate
from core.origins import Origin, Origins
from core.services.access.directory import note_standing
from core.statuses import Standing
from slack_sandbox.serving import RunningSandbox
from tests.acceptance.slack.requests import SECRET
from tests.attacks.deployment import DATA_OPS, PLATFORM, Deployment
from tests.attacks.matrix_world import Things
from tests.attacks.sign_in_world import LINKS, Browser, open_to_browsers, workspace

BEHIND_A_PROXY = "https://Runbooks.example:443/"


@pytest.fixture(scope="module")
def slack() -> Iterator[RunningSandbox]:
    with RunningSandbox(workspace()) as running:
        yield running


@pytest.fixture
def browser(deployment: Deployment, slack: RunningSandbox) -> Browser:
    open_to_browsers(deployment, slack)
    return Browser(deployment)


def test_behind_a_proxy_that_sends_its_own_host_our_forms_are_ours(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    """Red before: 403 for every form, because the browser's origin was compared with the proxy's host."""
    run = Things(deployment).run()
    path = f"/runs/{run}/cancel"
    browser.sign_in(slack, DATA_OPS)
    session = browser.client.cookies["runbook_session"]
    open_to_browsers(deployment, slack, replace(LINKS, public_url=BEHIND_A_PROXY))
    through = Browser(deployment)
    through.client.cookies.set("__Host-runbook_session", session)
    through.client.headers["Host"] = "10.0.0.7:8000"
    fields = through.forms(f"/runs/{run}")[path]
    for foreign in ("https://evil.example", "http://runbooks.example", "https://runbooks.example:8443"):
        assert through.send(path, fields, Origin=foreign).status_code == 403, foreign
    assert deployment.see(run).status == "pending"
    assert through.send(path, fields, Origin="https://runbooks.example").status_code == 303


@pytest.mark.parametrize("origin", ["http://[", "http://x:99999", "//", ""])
def test_an_origin_that_is_no_address_is_foreign(
    deployment: Deployment, browser: Browser, slack: RunningSandbox, origin: str
) -> None:
    """Red before: 500 for the first of them."""
    run = Things(deployment).run()
    browser.sign_in(slack, DATA_OPS)
    path = f"/runs/{run}/cancel"
    assert browser.send(path, browser.forms(f"/runs/{run}")[path], Origin=origin).status_code == 403


def test_a_run_that_sends_our_forms_is_known_as_one(deployment: Deployment) -> None:
    """Red before: only REST read where a call came from, so a run approved through a page for whoever began it."""
    things = Things(deployment)
    gate, calling = things.gate(), things.run()  # STARTER began both
    client = deployment.rest(PLATFORM)
    client.headers |= Origins(SECRET).headers(Origin(calling, 1))
    for address in (f"/api/approvals/{gate}/approve", f"/approvals/{gate}/approve"):
        refused = client.post(address, follow_redirects=False)
        assert refused.status_code == 403, address

    deployment.rest(PLATFORM).post(f"/runs/{calling}/cancel", follow_redirects=False)
    client.headers |= Origins(SECRET).headers(Origin(calling, MOST_DEPTH + 1))
    too_deep = client.post(f"/runs/{calling}/retry", follow_redirects=False)
    assert (too_deep.status_code, "a chain of" in too_deep.text) == (409, True)


def test_requests_with_a_token_are_counted_whatever_the_address_ends_with(deployment: Deployment) -> None:
    """Red before: a token read pages without a limit; and whatever ended in `/cancel` was never counted."""
    few = replace(STANDARD, requests_of_person=Rate(3, 0.001))
    deployment.web = create_web(
        deployment.unit_of_work,
        slack=None,
        rest=RestSettings(limits=RestLimits(few)),
        pages=PageSettings(RunLinks("", "the signing secret")),
        newest_revision=None,
    )
    run, client = Things(deployment).run(), deployment.rest(DATA_OPS)
    found = [client.get(f"/runs/{run}/steps/pause/cancel").status_code for _ in range(5)]
    assert found == [404, 404, 404, 429, 429]
    assert client.get("/runs").status_code == 429
    assert client.post(f"/runs/{run}/cancel", follow_redirects=False).status_code == 303


def test_what_a_database_cannot_store_is_refused_and_not_a_fault(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    """Red before: 500 for each."""
    gate = Things(deployment).gate()
    browser.sign_in(slack, DATA_OPS)
    path = f"/approvals/{gate}/reject"
    fields = browser.forms("/approvals")[path]
    assert browser.send(path, {**fields, "reason": "no\0"}).status_code == 422
    assert browser.send("/approvals/apr_%00/reject", {**fields, "reason": "no"}).status_code == 404
    assert deployment.rest(DATA_OPS).get("/incidents/inc_%00/report").status_code == 404


def test_after_a_refusal_the_page_goes_on_asking_for_its_run(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    """Red before: it asked the address of the form, got 405, and stood still."""
    gate = Things(deployment).gate()
    browser.sign_in(slack, DATA_OPS)
    path = f"/approvals/{gate}/approve"
    refused = browser.send(path, {**browser.forms("/approvals")[path], "seen": "0" * 64})
    [ask] = re.findall(r'hx-get="([^"]+)"', refused.text)
    assert browser.client.get(str(refused.url.join(html.unescape(ask)))).status_code in (200, 204)


def test_what_stands_for_a_name_cannot_be_written(
    deployment: Deployment, browser: Browser, slack: RunningSandbox
) -> None:
    """Red before: the name's markup came into an attribute, and ended it."""
    with deployment.unit_of_work.begin() as work:
        note_standing(work, DATA_OPS, Standing.MEMBER, "Dana Ops")
    browser.sign_in(slack, PLATFORM)
    page = browser.client.get("/audit", params={"actor": f"\ue000{DATA_OPS}\ue001"}).text
    assert f'name="actor" value="\\ue000{DATA_OPS}\\ue001"' in page
    assert "Dana Ops" not in page
