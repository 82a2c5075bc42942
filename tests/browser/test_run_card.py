"""A run as its channel sees it: its progress, its failure, what to press next, its output as a file, a retry."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from cli.apply import apply_text
from cli.compose import Composition
from cli.demo.stage import Stage, stage
from core.settings import Settings
from tests.browser.pictures import DESK, picture
from tests.browser.sandbox_page import enter, say

PATIENCE = 60_000  # milliseconds for what workers and the poster do in between
BOB, ALICE = "U0BOB", "U0ALICE"
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
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    settings = Settings.from_environment({"RUNBOOK_HOME": str(tmp_path_factory.mktemp("demo")), "PORT": "0"})
    with stage(settings) as found:
        with Composition.of(found.settings) as composition:
            apply_text(composition.unit_of_work, COLLECT, "collect.yaml", approve=True)
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=DESK)
    yield context.new_page()
    context.close()


def messages(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message-list").get_by_test_id("message").filter(has_text=text)


def as_person(page: Page, user: str) -> None:
    page.get_by_test_id("user-switch").select_option(user)


def action(message: Locator, name: str) -> Locator:
    return message.locator(f'[data-action-id="{name}"]')


def test_a_failed_run_says_what_happened_and_what_to_press(demo: Stage, page: Page) -> None:
    enter(page, demo.sandbox, BOB)
    say(page, f'/runbook incident open "{TITLE}" severity=high service=orders-db team=database')
    page.get_by_text(TITLE.lower().replace(" ", "-")).first.click(timeout=PATIENCE)
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
    modal = page.get_by_test_id("modal")
    expect(modal).to_contain_text("What was asked:", timeout=PATIENCE)
    expect(modal).to_contain_text("exit code 3")
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
