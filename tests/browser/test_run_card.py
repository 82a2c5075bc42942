"""A run as its channel sees it: its progress, its failure, what to press next, its output as a file, a retry."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from chaos.forkserver_client import Forkserver
from cli.demo.stage import Stage
from tests.browser.demo_page import (
    ALICE,
    BOB,
    PATIENCE,
    action,
    as_person,
    messages,
    modal,
    open_incident,
    running_demo,
)
from tests.browser.pictures import picture
from tests.browser.sandbox_page import say

TITLE = "Replica behind"

COLLECT = """
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
  - {id: gate, name: Approve the promotion, type: approval, approvers: {team: database, role: admin}, expires: 15m}
  - id: promote
    name: Promote the replica
    type: shell
    argv: [sh, -c, "echo replica db-2 is 40 s behind >&2; exit 3"]
  - {id: verify, name: Verify, type: shell, argv: [echo, fine]}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, forkserver: Forkserver) -> Iterator[Stage]:
    with running_demo(tmp_path_factory.mktemp("demo"), forkserver, COLLECT) as found:
        yield found


def test_a_failed_run_says_what_happened_and_what_to_press(demo: Stage, page: Page) -> None:
    open_incident(demo, page, TITLE)
    say(page, "/runbook run collect cluster=orders")
    card = messages(page, "steps done").first
    expect(card).to_contain_text("waiting for approval", timeout=PATIENCE)
    expect(card).to_contain_text("1 of 4 steps done")
    expect(card).to_contain_text("It holds the lock db/orders")
    picture(page, "card-waiting")

    as_person(page, ALICE)
    action(messages(page, "Approval needed").last, "approval.approve").click(timeout=PATIENCE)
    outcome = messages(page, "failed in").last
    expect(outcome).to_contain_text("replica db-2 is 40 s behind", timeout=PATIENCE)
    expect(outcome).to_contain_text("approved by @Alice Ng")
    expect(action(outcome, "run.retry")).to_have_text("Retry from promote")
    # In one step: the page draws a message anew when it is updated, and Playwright would wait for the old element.
    outcome.evaluate("message => message.scrollIntoView()")
    picture(page, "card-failed")

    action(outcome, "run.details").click()
    expect(modal(page)).to_contain_text("What was asked:", timeout=PATIENCE)
    expect(modal(page)).to_contain_text("exit code 3")
    picture(page, "card-details")
    page.keyboard.press("Escape")

    _look_at_the_thread(page, card)
    _retry(page, outcome, card)


def _look_at_the_thread(page: Page, card: Locator) -> None:
    card.get_by_test_id("replies").click()
    thread = page.get_by_test_id("thread-pane")
    expect(thread.get_by_test_id("file")).to_contain_text("Output of step list of collect", timeout=PATIENCE)
    expect(thread).to_contain_text("are in the file below")
    picture(page, "card-thread")
    page.get_by_test_id("thread-close").click()


def _retry(page: Page, outcome: Locator, card: Locator) -> None:
    """Bob reads what will run; afterwards there is nothing left to press twice."""
    as_person(page, BOB)
    action(outcome, "run.retry").click()
    asked = page.get_by_test_id("confirm")
    expect(asked).to_contain_text("continues with promote and verify, after gate has been approved again")
    picture(page, "card-retry")
    page.get_by_test_id("confirm-ok").click()
    outcome = messages(page, "answered: exit code 3").last
    expect(outcome).to_contain_text("retried as rbx_", timeout=PATIENCE)
    expect(action(outcome, "run.retry")).to_have_count(0)
    expect(action(card, "run.retry")).to_have_count(0, timeout=PATIENCE)
