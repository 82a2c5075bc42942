"""The main job as a person sees it: declare an incident, approve as a second person, read the tagged outcome."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from cli.demo.stage import Stage, stage
from cli.demo.story import OPENING
from core.settings import Settings
from tests.browser.sandbox_page import enter, say

PATIENCE = 30_000  # milliseconds for what workers and the poster do in between


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    settings = Settings.from_environment({"RUNBOOK_HOME": str(tmp_path_factory.mktemp("demo")), "PORT": "0"})
    with stage(settings) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def message_with(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message-list").get_by_test_id("message").filter(has_text=text)


def test_an_incident_is_declared_the_failover_approved_and_the_outcome_is_tagged(
    demo: Stage, page: Page
) -> None:
    enter(page, demo.sandbox, "U0BOB")
    say(page, OPENING)

    page.get_by_text("inc-1-orders-database-is-down").first.click(timeout=PATIENCE)
    gate = message_with(page, "Approval needed")
    expect(gate).to_be_visible(timeout=PATIENCE)
    expect(message_with(page, "Proposing db-failover")).to_be_visible()

    page.get_by_test_id("user-switch").select_option("U0ALICE")
    approve = message_with(page, "Approval needed").locator('[data-action-id="approval.approve"]')
    approve.click(timeout=PATIENCE)

    outcome = message_with(page, "succeeded in").last
    expect(outcome).to_be_visible(timeout=PATIENCE)
    expect(outcome).to_contain_text("workflow critical-db-incident wfx_")
