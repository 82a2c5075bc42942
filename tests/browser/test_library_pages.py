"""The pages of the library: a runbook in words, a workflow and its path, search, and writing a version."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from chaos.forkserver_client import Forkserver
from cli.demo.sandbox_client import SandboxClient
from cli.demo.stage import CHANNEL, Stage
from tests.browser.demo_page import ALICE, BOB, ERIN, running_demo
from tests.browser.pages import close, complaints, overflow, signed_in, violations
from tests.browser.pictures import picture

DEFINITIONS = """
kind: workflow
name: look-first
team: database
description: Collect first, then decide by the severity.
trigger: {on: incident.created}
when: incident.service == "orders-db"
actions:
  - {id: say, type: message, text: "Looking at {{ incident.title }}"}
  - id: how_bad
    type: branch
    if: incident.severity == "critical"
    then:
      - {id: failover, type: runbook, runbook: db-failover, parameters: {cluster: orders}}
      - id: who
        type: branch
        if: incident.labels.region == "eu"
        then: [{id: eu, type: message, text: "Region EU"}]
    else:
      - {id: look, type: runbook, runbook: gather, wait: true}
  - {id: done, type: message, text: "That was all."}
---
kind: runbook
name: gather
team: database
description: Collect what is known.
parameters:
  type: object
  required: [cluster]
  properties: {cluster: {type: string, enum: [orders, users], default: orders, description: Which cluster}}
lock: db/{{ params.cluster }}
steps:
  - {id: list, name: List the connections, type: shell, argv: [seq, "3"], timeout: 20s}
  - id: each
    type: runbook
    foreach: '["db-1", "db-2"]'
    as: host
    steps: [{id: look, type: shell, argv: [echo, "{{ host }} of {{ params.cluster }}"]}]
  - {id: pause, type: wait, for: 1s}
  - {id: worse, type: shell, argv: [sh, -c, "exit 3"], on_failure: continue}
tests:
  - name: It looks at both
    steps: {list: {stdout: "1"}, look: {stdout: fine}, worse: {exit_code: 3}}
    expect: {status: succeeded}
  - name: It needs a cluster that exists
    parameters: {cluster: nowhere}
    expect: {status: succeeded}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, forkserver: Forkserver) -> Iterator[Stage]:
    with running_demo(tmp_path_factory.mktemp("demo"), forkserver, DEFINITIONS) as found:
        with SandboxClient(found.sandbox) as sandbox:
            opening = '/runbook incident open "Replica behind" severity=high service=orders-db team=database'
            sandbox.say(BOB, CHANNEL, f"{opening} channel=here")
        yield found


def test_a_runbook_is_read_in_words_and_its_tests_are_run(demo: Stage, browser: Browser) -> None:
    bob = signed_in(browser, demo, BOB, "/runbooks")
    found = complaints(bob, demo)
    bob.get_by_label("Team").fill("database")
    bob.get_by_role("button", name="Filter").click()
    bob.get_by_role("link", name="gather").click()
    does = bob.get_by_role("region", name="What it does")
    expect(does).to_contain_text("List the connections")
    expect(does).to_contain_text("takes at most 20 s")
    expect(does).to_contain_text('For each of ["db-1", "db-2"], 1 at a time')
    expect(bob.get_by_role("region", name="Parameters")).to_contain_text("one of orders, users")
    expect(bob.get_by_role("region", name="Facts")).to_contain_text("db/{{ params.cluster }}")
    picture(bob, "page-runbook")
    bob.get_by_role("link", name="Run the tests").click()
    expect(bob.get_by_role("region", name="Results")).to_contain_text("1 of 2 tests passed")
    expect(bob.get_by_role("region", name="Results")).to_contain_text("got refused")
    assert found == []
    close(bob)


def test_the_path_of_an_execution_is_lit(demo: Stage, browser: Browser) -> None:
    bob = signed_in(browser, demo, BOB, "/workflows/look-first")
    found = complaints(bob, demo)
    expect(bob.get_by_role("region", name="What it does")).to_contain_text("decided by")
    until(bob, "succeeded")
    picture(bob, "page-workflow")
    bob.get_by_role("region", name="Executions").get_by_role("link").first.click()
    expect(bob.locator("path.lit")).to_have_count(6)
    expect(bob.locator(".box.skipped")).to_have_count(3)
    picture(bob, "page-workflow-execution")
    bob.get_by_role("region", name="Runs that it caused").get_by_role("link", name="gather").click()
    expect(bob.get_by_role("heading", name="gather")).to_be_visible()
    assert found == []
    close(bob)


def until(page: Page, status: str) -> None:
    """Reload until the newest execution has this status."""
    for _ in range(60):
        if page.get_by_role("region", name="Executions").get_by_text(status).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"no execution became {status}")


def test_a_version_is_written_checked_saved_and_approved(demo: Stage, browser: Browser) -> None:
    alice = signed_in(browser, demo, ALICE, "/runbooks/gather")
    found = complaints(alice, demo)
    alice.get_by_role("link", name="Edit").click()
    expect(alice.locator(".cm-content")).to_be_visible()  # it takes the place of the plain field
    editor = alice.get_by_role("textbox", name="The runbook in YAML")
    expect(editor).to_contain_text("name: gather")
    expect(alice.locator("#checked")).to_contain_text("1 of 2 tests passed")

    editor.press("Control+End")
    alice.keyboard.type("lock_")
    expect(alice.locator("#checked")).to_contain_text("mistake")
    expect(alice.locator(".cm-lintRange-error").first).to_be_visible()
    picture(alice, "page-editor-mistake")
    for _ in "lock_":
        alice.keyboard.press("Backspace")
    complete_a_key(alice)
    expect(alice.locator("#checked")).to_contain_text("What you changed")
    expect(alice.locator("#checked .added")).to_contain_text("finally_timeout: 5m")
    picture(alice, "page-editor")
    alice.get_by_label("Note, for the history").fill("It may take a little longer.")
    alice.get_by_role("button", name="Save as draft").dblclick()
    expect(alice.get_by_text("You saved a new version.")).to_be_visible()
    expect(alice.get_by_role("region", name="Version 2 is a draft")).to_contain_text("+finally_timeout: 5m")
    expect(alice.get_by_role("button", name="Approve version 2")).to_have_count(0)

    erin = signed_in(browser, demo, ERIN, "/search?q=gather")
    erin.get_by_role("region", name="Runbooks").get_by_role("link", name="gather").click()
    picture(erin, "page-draft")
    assert overflow(erin) == 0
    erin.get_by_role("button", name="Approve version 2").click()
    expect(erin.get_by_text("You approved this version.")).to_be_visible()
    erin.get_by_role("link", name="Versions").click()
    expect(erin.get_by_role("region", name="History")).to_contain_text("It may take a little longer.")
    expect(erin.get_by_role("region", name="From version 1 to version 2")).to_contain_text("finally_timeout")
    picture(erin, "page-versions")
    assert found == []
    close(alice, erin)


def complete_a_key(page: Page) -> None:
    page.keyboard.type("finally_t")
    option = page.get_by_role("option", name="finally_timeout")
    expect(option).to_be_visible()
    page.wait_for_timeout(200)  # CodeMirror takes no key for a list that has only just appeared
    page.keyboard.press("Enter")
    page.keyboard.type("5m")


def test_search_finds_from_every_page(demo: Stage, browser: Browser) -> None:
    bob = signed_in(browser, demo, BOB, "/runs")
    found = complaints(bob, demo)
    bob.get_by_role("searchbox", name="Search").fill("replica beh")
    bob.keyboard.press("Enter")
    expect(bob.get_by_role("region", name="Incidents")).to_contain_text("Replica behind")
    bob.goto(f"{demo.web}/search?q=bo")
    expect(bob.get_by_role("region", name="People")).to_contain_text("U0BOB, team database")
    picture(bob, "page-search")
    bob.goto(f"{demo.web}/search?q=%3Cb%3E")
    expect(bob.get_by_role("status").first).to_contain_text("“<b>”")
    assert found == []
    close(bob)


def test_everybody_can_read_each_page(demo: Stage, browser: Browser) -> None:
    """By keyboard, on a phone, by a screen reader: axe finds nothing, and nothing is too wide."""
    alice = signed_in(browser, demo, ALICE, "/workflows/look-first")
    until(alice, "succeeded")
    execution = alice.get_by_role("region", name="Executions").get_by_role("link").first.get_attribute("href")
    wrong: list[str] = []
    for path in (
        "/runbooks",
        "/runbooks/gather",
        "/runbooks/gather/tests",
        "/runbooks/gather/versions",
        "/runbooks/gather/edit",
        "/new/workflow",
        "/workflows",
        "/workflows/look-first",
        str(execution),
        "/search?q=e",
    ):
        alice.goto(f"{demo.web}{path}")
        alice.wait_for_load_state("networkidle")
        wrong += violations(alice)
        if overflow(alice):
            wrong.append(f"{path} is wider than a phone")
    assert wrong == [], "\n".join(wrong)
    close(alice)
