"""The product's own pages: signing in, a run from its request to its retry, lists, an incident, the audit trail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chaos.forkserver_client import Forkserver
from cli.demo.sandbox_client import SandboxClient
from cli.demo.stage import CHANNEL, Stage
from tests.browser.demo_page import ALICE, BOB, ERIN, PATIENCE, running_demo
from tests.browser.pages import close, complaints, overflow, signed_in, violations
from tests.browser.pictures import picture

DEFINITIONS = """
kind: runbook
name: collect
team: database
description: Collect what is known about a cluster, then promote its replica.
parameters:
  type: object
  properties: {cluster: {type: string, default: orders}}
lock: db/{{ params.cluster }}
steps:
  - {id: list, name: List the connections, type: shell, argv: [seq, "900"]}
  - id: each
    name: Look at each replica
    type: runbook
    foreach: '["db-1", "db-2"]'
    as: host
    steps: [{id: look, type: shell, argv: [echo, "{{ host }} is well"]}]
  - {id: pause, name: Let them settle, type: wait, for: 2s}
  - {id: gate, name: Approve the promotion, type: approval, approvers: {team: database, role: admin}, expires: 15m}
  - id: promote
    name: Promote the replica
    type: shell
    argv: [sh, -c, "echo replica db-2 is 40 s behind >&2; exit 3"]
  - {id: verify, name: Verify, type: shell, argv: [echo, fine]}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, forkserver: Forkserver) -> Iterator[Stage]:
    with running_demo(tmp_path_factory.mktemp("demo"), forkserver, DEFINITIONS) as found:
        with SandboxClient(found.sandbox) as sandbox:
            opening = '/runbook incident open "Replica behind" severity=high service=orders-db team=database'
            sandbox.say(BOB, CHANNEL, f"{opening} channel=here")
            sandbox.say(BOB, CHANNEL, "/runbook run collect cluster=orders")
        yield found


def test_a_run_is_followed_approved_and_retried_in_the_browser(
    demo: Stage, browser: Browser, tmp_path: Path
) -> None:
    bob = signed_in(browser, demo, BOB)
    found = complaints(bob, demo)
    follow_the_run(bob)
    expect(bob.locator("#live")).to_contain_text("waiting for approval", timeout=PATIENCE)
    expect(bob.locator("#live")).to_contain_text("You requested this run, so somebody else must approve it.")
    expect(bob.get_by_role("button", name="Approve")).to_have_count(0)
    expect(bob.get_by_role("link", name="db-2")).to_have_count(2)  # in the drawing, and in the list

    alice = signed_in(browser, demo, ALICE, "/approvals")
    picture(alice, "page-approvals")
    approve_with_a_comment(alice)

    # Nobody has touched Bob's page: it shows by itself how the run ended.
    expect(bob.locator("#live")).to_contain_text("replica db-2 is 40 s behind", timeout=PATIENCE)
    expect(bob.locator("#announcement")).to_have_text("collect: failed")
    expect(bob.locator("#live")).to_contain_text("Alice Ng approved")
    expect(bob.locator("#live")).to_contain_text("The lag is small.")
    picture(bob, "page-run")
    look_at_the_output(bob, tmp_path)
    retry(bob)
    assert found == []
    close(bob, alice)


def follow_the_run(page: Page) -> None:
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("group", name="Runs under way").get_by_role("link", name="collect").click()
    expect(page.get_by_role("heading", name="collect")).to_be_visible()


def approve_with_a_comment(page: Page) -> None:
    page.get_by_text("Approve with comment…").click()
    page.get_by_label("Comment").fill("The lag is small.")
    page.locator("details[open]").get_by_role("button", name="Approve").dblclick()  # and once is what counts
    expect(page.get_by_text("You approved it.")).to_be_visible()


def look_at_the_output(page: Page, folder: Path) -> None:
    """The output of a step is folded, and whole; what is unfolded stays so when the page is drawn anew."""
    page.locator("#step-list summary").click()
    with page.expect_download() as waiting:
        page.locator("#step-list").get_by_role("link", name="Download").last.click()
    waiting.value.save_as(folder / "output.json")
    assert "899" in (folder / "output.json").read_text(encoding="utf-8")


def retry(page: Page) -> None:
    page.get_by_text("Retry from promote…").click()
    expect(
        page.get_by_text("continues with promote and verify, after gate has been approved again")
    ).to_be_visible()
    old = page.url
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_text("This run continues the one that you retried.")).to_be_visible()
    assert page.url.partition("?")[0] != old
    expect(page.locator("#live")).to_contain_text("waiting for approval", timeout=PATIENCE)
    press_while_it_changes(page, page.get_by_text("Cancel…"))
    expect(page.get_by_text("what has already happened is not undone")).to_be_visible()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#live")).to_contain_text("cancelled", timeout=PATIENCE)


def press_while_it_changes(page: Page, part: Locator) -> None:
    """What is on the page is fetched anew between the press and its release, as it is every few seconds."""
    part.hover()
    page.mouse.down()
    page.evaluate("htmx.ajax('GET', location.href, {target: '#live', select: '#live', swap: 'outerHTML'})")
    page.wait_for_timeout(300)
    page.mouse.up()


def test_everybody_can_read_each_page(demo: Stage, browser: Browser) -> None:
    """By keyboard, on a phone, printed, by a screen reader: axe finds nothing, and nothing is too wide."""
    erin = signed_in(browser, demo, ERIN, "/incidents")
    found = complaints(erin, demo)
    erin.get_by_role("link", name="inc-1").click()
    expect(erin.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(erin.locator(".events")).to_contain_text("requested collect v1")
    picture(erin, "page-incident")
    with erin.expect_download() as waiting:
        erin.get_by_role("link", name="Report as Markdown").click()
    assert waiting.value.suggested_filename == "inc-1.md"

    wrong: list[str] = []
    erin.get_by_role("link", name="collect").first.click()
    for path in (
        erin.url.removeprefix(demo.web),
        "/",
        "/runs",
        "/approvals",
        "/incidents",
        "/incidents/inc-1",
        "/audit",
    ):
        erin.goto(f"{demo.web}{path}")
        wrong += violations(erin)
        if overflow(erin):
            wrong.append(f"{path} is wider than a phone")
    assert wrong == [], "\n".join(wrong)

    erin.goto(f"{demo.web}/audit?action=incident.opened")
    expect(erin.locator("tbody tr")).to_have_count(1)
    picture(erin, "page-audit")
    erin.goto(f"{demo.web}/?team=database")
    picture(erin, "page-overview")
    by_keyboard(erin)
    assert found == []
    sign_out(erin, demo)
    close(erin)


def by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.emulate_media(media="screen")


def sign_out(page: Page, demo: Stage) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.goto(f"{demo.web}/runs")
    expect(page.get_by_role("link", name="Sign in with Slack")).to_be_visible()
