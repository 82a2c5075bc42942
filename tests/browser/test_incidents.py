"""Incidents as responders tap them, on a phone and on a desktop: form, card, Home tab and summary."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chaos.forkserver_client import Forkserver
from cli.demo.stage import Stage
from tests.browser.demo_page import PATIENCE, messages, modal, running_demo
from tests.browser.pictures import DESK, PHONE, picture
from tests.browser.sandbox_page import enter, say

CHANNEL_NAME = "inc-1-orders-database-is-down"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, forkserver: Forkserver) -> Iterator[Stage]:
    with running_demo(tmp_path_factory.mktemp("demo"), forkserver) as found:
        yield found


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def desktop(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=DESK)
    yield context.new_page()
    context.close()


def go_to(page: Page, name: str) -> None:
    if page.get_by_test_id("drawer-toggle").is_visible():
        page.get_by_test_id("drawer-toggle").click()
    page.locator("#channel-list").get_by_text(name).click(timeout=PATIENCE)


def tap(page: Page, action_id: str) -> None:
    page.locator(f'[data-action-id="{action_id}"]').first.click(timeout=PATIENCE)


def message_with(page: Page, text: str) -> Locator:
    return messages(page, text).last


def form(page: Page) -> Locator:
    found = modal(page)
    expect(found).to_be_visible(timeout=PATIENCE)
    return found


def test_an_incident_from_the_form_to_its_summary(demo: Stage, phone: Page, desktop: Page) -> None:
    enter(phone, demo.sandbox, "U0BOB")
    say(phone, "/runbook incident open")
    opening = form(phone)
    opening.get_by_role("button", name="Open", exact=True).click()
    expect(opening).to_be_visible()  # the title is missing, and the field says so
    opening.get_by_label("What is wrong?").fill("Orders database is down")
    opening.get_by_label("Service").fill("orders-db")
    picture(phone, "incident-form")
    opening.get_by_role("button", name="Open", exact=True).click()
    expect(opening).to_be_hidden(timeout=PATIENCE)

    go_to(phone, CHANNEL_NAME)
    expect(message_with(phone, "Proposed: db-failover")).to_be_visible(timeout=PATIENCE)
    expect(phone.get_by_test_id("pins")).to_be_visible(timeout=PATIENCE)
    picture(phone, "incident-card")
    tap(phone, "incident.ack")
    expect(message_with(phone, "inc-1 is acknowledged.")).to_be_visible(timeout=PATIENCE)
    expect(phone.locator('[data-action-id="incident.ack"]')).to_have_count(0, timeout=PATIENCE)

    tap(phone, "incident.note")
    note = form(phone)
    note.get_by_label("Note").fill("It is the disk <!channel>")
    note.get_by_role("button", name="Add", exact=True).click()
    expect(message_with(phone, "Noted in inc-1.")).to_be_visible(timeout=PATIENCE)
    tap(phone, "incident.escalate")
    form(phone).get_by_role("button", name="Escalate", exact=True).click()
    expect(message_with(phone, "inc-1 is now high.")).to_be_visible(timeout=PATIENCE)
    tap(phone, "incident.timeline")
    expect(message_with(phone, "noted: It is the disk <!channel>")).to_be_visible(timeout=PATIENCE)

    enter(desktop, demo.sandbox, "U0ALICE")
    go_to(desktop, "Runbook")
    home = desktop.get_by_test_id("home")
    expect(home).to_contain_text("Nothing waits for you.", timeout=PATIENCE)
    expect(home).to_contain_text("high: Orders database is down")
    say(phone, "/runbook run db-failover cluster=orders")
    expect(home).to_contain_text("/clusters/orders/promote", timeout=PATIENCE)
    picture(desktop, "home")
    home.locator('[data-action-id="approval.approve"]').click()
    expect(home).to_contain_text("Nothing waits for you.", timeout=PATIENCE)

    go_to(phone, "Runbook")
    expect(phone.get_by_test_id("home")).to_contain_text("db-failover v1", timeout=PATIENCE)
    expect(phone.get_by_test_id("home")).not_to_contain_text("promote")

    go_to(desktop, CHANNEL_NAME)
    tap(desktop, "incident.resolve")
    desktop.get_by_role("button", name="Resolve", exact=True).last.click()
    summary = message_with(desktop, "Who took part:")
    expect(summary).to_be_visible(timeout=PATIENCE)
    expect(summary).to_contain_text("noted: It is the disk <!channel>")
    picture(desktop, "incident-summary")
    say(desktop, "/runbook incident export")
    expect(message_with(desktop, "# inc-1: Orders database is down")).to_be_visible(timeout=PATIENCE)
