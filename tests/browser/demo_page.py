"""What the browser tests of the demo share: its processes, its people, and how they find messages and buttons."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from chaos.forkserver_client import Forkserver
from cli.apply import apply_text
from cli.compose import Composition
from cli.demo.stage import Stage, stage
from core.settings import Settings
from tests.browser.sandbox_page import enter, say
from tests.forkserver import ForkedStart

PATIENCE = 60_000  # milliseconds for what workers and the poster do in between
BOB, ALICE, ERIN = "U0BOB", "U0ALICE", "U0ERIN"  # responder and admin of team database, platform admin


@contextmanager
def running_demo(folder: Path, forkserver: Forkserver, definitions: str = "") -> Iterator[Stage]:
    """The demo on free ports, with these definitions beside its own."""
    settings = Settings.from_environment({"RUNBOOK_HOME": str(folder), "PORT": "0"})
    with stage(settings, start=ForkedStart(forkserver)) as found:
        if definitions:
            define(found, definitions)
        yield found


def define(demo: Stage, definitions: str) -> None:
    with Composition.of(demo.settings) as composition:
        apply_text(composition.unit_of_work, definitions, "test.yaml", approve=True)


def messages(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message-list").get_by_test_id("message").filter(has_text=text)


def as_person(page: Page, user: str) -> None:
    page.get_by_test_id("user-switch").select_option(user)


def action(within: Locator, name: str) -> Locator:
    return within.locator(f'[data-action-id="{name}"]')


def modal(page: Page) -> Locator:
    return page.get_by_test_id("modal")


def open_incident(demo: Stage, page: Page, title: str, person: str = BOB) -> None:
    """Open an incident of team database, and look at its channel, once its card is there: then it is the incident's."""
    enter(page, demo.sandbox, person)
    say(page, f'/runbook incident open "{title}" severity=high service=orders-db team=database')
    slug = title.lower().replace(" ", "-")
    channel = page.locator('[data-testid^="channel-"]').filter(has_text=slug)
    expect(channel).to_be_visible(timeout=PATIENCE)
    while not page.get_by_role("heading", name=slug).is_visible():  # a list drawn anew swallows a click
        channel.click(timeout=PATIENCE)
        page.wait_for_timeout(500)
    expect(messages(page, "opened by").first).to_be_visible(timeout=PATIENCE)
