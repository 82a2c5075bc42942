"""The pages of the library: a runbook in words, a workflow and its path, search, and writing a version."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from cli.demo.sandbox_client import SandboxClient
from cli.demo.stage import CHANNEL, Stage
from tests.browser.demo_page import BOB, running_demo
from tests.browser.pages import close, complaints, signed_in
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
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_demo(tmp_path_factory.mktemp("demo"), DEFINITIONS) as found:
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
