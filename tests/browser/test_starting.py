"""Starting a runbook without typing its name, as a person does on a phone: picker and form, shortcuts, a mention."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from chaos.forkserver_client import Forkserver
from cli.demo.stage import Stage
from tests.browser.demo_page import PATIENCE, messages, modal, running_demo
from tests.browser.pictures import PHONE, picture
from tests.browser.sandbox_page import enter, say

OPENING = '/runbook incident open "Caches are slow" severity=low service=orders-db team=database'


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, forkserver: Forkserver) -> Iterator[Stage]:
    with running_demo(tmp_path_factory.mktemp("demo"), forkserver) as found:
        yield found


@pytest.fixture(scope="module")
def channel(demo: Stage, browser: Browser) -> str:
    """The channel of an open incident."""
    page = browser.new_page()
    enter(page, demo.sandbox, "U0BOB")
    say(page, OPENING)
    button = page.locator('[data-testid^="channel-"]').filter(has_text="inc-1")
    expect(button).to_be_visible(timeout=PATIENCE)
    name = str(button.get_attribute("data-testid")).removeprefix("channel-")
    button.click()
    expect(messages(page, "opened by").first).to_be_visible(timeout=PATIENCE)  # now it is the incident's
    page.close()
    return name


@pytest.fixture
def page(demo: Stage, channel: str, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    enter(page, demo.sandbox, "U0BOB", channel)
    yield page
    if modal(page).is_visible():  # the sandbox keeps it open for the person, whatever page they look at
        page.get_by_test_id("modal-close").click()
        expect(modal(page)).to_be_hidden()
    context.close()


def choose(page: Page, typed: str, wanted: str) -> None:
    """Search in the last menu of the modal, and choose what is found."""
    field = modal(page).get_by_role("combobox").last
    field.fill(typed)
    page.get_by_test_id("found").get_by_role("option").filter(has_text=wanted).click(timeout=PATIENCE)


def test_the_command_alone_shows_what_fits_then_its_form_and_errors_stand_at_their_fields(page: Page) -> None:
    say(page, "/runbook")
    expect(modal(page)).to_contain_text("Which runbook?", timeout=PATIENCE)
    modal(page).get_by_role("combobox").click()
    found = page.get_by_test_id("found")
    expect(found).to_contain_text("Made for this incident", timeout=PATIENCE)
    expect(found.get_by_role("option").first).to_contain_text("db-failover")
    picture(page, "picker")

    choose(page, "failover", "db-failover")
    expect(modal(page)).to_contain_text("Needs approval by an admin of team database.", timeout=PATIENCE)
    expect(modal(page)).to_contain_text("Promote the replica (http)")
    picture(page, "form")
    page.get_by_test_id("modal-submit").click()
    expect(modal(page)).to_contain_text("Please complete this required field.")
    modal(page).get_by_role("combobox", name="cluster").select_option("users")
    page.get_by_test_id("modal-submit").click()
    expect(modal(page)).to_be_hidden(timeout=PATIENCE)
    expect(page.get_by_text("db-failover v1 requested for inc-1")).to_be_visible(timeout=PATIENCE)


def test_a_mention_on_a_phone_is_answered_to_its_sender_with_a_button_for_what_is_missing(page: Page) -> None:
    say(page, "@Runbook run db-failover")
    answer = messages(page, "cluster is missing")
    expect(answer).to_contain_text("Only visible to you", timeout=PATIENCE)
    picture(page, "mention")
    answer.get_by_role("button", name="Enter values").click()
    expect(modal(page)).to_contain_text("What it does, in 4 steps", timeout=PATIENCE)


def test_a_shortcut_of_a_message_is_for_its_channels_incident(page: Page) -> None:
    say(page, "what now?")
    message = messages(page, "what now?").last
    message.hover()
    message.get_by_test_id("message-menu").click()
    page.get_by_role("menuitem").filter(has_text="Run a runbook").click()
    expect(modal(page)).to_contain_text("inc-1", timeout=PATIENCE)
    expect(modal(page)).to_contain_text("Which runbook?")
    picture(page, "message-shortcut")


def test_the_shortcut_from_anywhere_asks_for_the_incident_first(demo: Stage, page: Page) -> None:
    enter(page, demo.sandbox, "U0BOB", "C0GENERAL")
    page.get_by_test_id("shortcuts").click()
    page.get_by_role("menuitem").filter(has_text="Run a runbook").click()
    expect(modal(page)).to_contain_text("Which incident?", timeout=PATIENCE)
    choose(page, "caches", "inc-1 Caches are slow")
    expect(modal(page)).to_contain_text("Which runbook?", timeout=PATIENCE)
    picture(page, "global-shortcut")
    choose(page, "cache-check", "cache-check")
    expect(modal(page)).to_contain_text("What it does", timeout=PATIENCE)
