"""The main job as a person sees it: declare an incident, approve as a second person, read the tagged outcome."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from chaos.forkserver_client import Forkserver
from cli.demo.stage import Stage
from cli.demo.story import OPENING
from tests.browser.demo_page import ALICE, BOB, PATIENCE, action, as_person, messages, running_demo
from tests.browser.sandbox_page import enter, say


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, forkserver: Forkserver) -> Iterator[Stage]:
    with running_demo(tmp_path_factory.mktemp("demo"), forkserver) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_an_incident_is_declared_the_failover_approved_and_the_outcome_is_tagged(
    demo: Stage, page: Page
) -> None:
    enter(page, demo.sandbox, BOB)
    say(page, OPENING)

    page.get_by_text("inc-1-orders-database-is-down").first.click(timeout=PATIENCE)
    gate = messages(page, "Approval needed")
    expect(gate).to_be_visible(timeout=PATIENCE)
    expect(messages(page, "Proposing db-failover")).to_be_visible()

    as_person(page, ALICE)
    approve = action(messages(page, "Approval needed"), "approval.approve")
    approve.click(timeout=PATIENCE)

    outcome = messages(page, "succeeded in").last
    expect(outcome).to_be_visible(timeout=PATIENCE)
    expect(outcome).to_contain_text("workflow critical-db-incident wfx_")
