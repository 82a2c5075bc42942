"""The page of the raw traffic, in a real browser, on a desktop and on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from slack_bolt.adapter.asgi import SlackRequestHandler

from slack_sandbox.testing import Refused, SlackSandbox
from tests.browser.sandbox_page import mistakes_of
from tests.foreign.everything import everything

SECRETS = ("xoxb-sandbox", "xapp-sandbox", "sandbox-signing-secret", "sandbox-verification-token")


@pytest.fixture
def busy(slack: SlackSandbox) -> SlackSandbox:
    """A workspace in which each kind of request has been made."""
    slack.serve(SlackRequestHandler(everything(slack)))
    ada, general = slack.person("ada"), slack.channel("general")
    ada.types("/menu red", general)
    ada.chooses("Red", from_="pick", in_=general.waits_for("Pick one"))
    ada.sees("You picked red", general)
    ada.types("hello", ada.direct_messages())
    ada.direct_messages().waits_for("You wrote: hello")
    with pytest.raises(Refused):
        ada.types("/broken", general)
    return slack


@pytest.fixture(params=[1280, 390])
def page(browser: Browser, busy: SlackSandbox, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 844})
    page = context.new_page()
    mistakes = mistakes_of(page)
    page.goto(f"{busy.url}/inspector")
    expect(page.get_by_test_id("exchange").first).to_be_visible()
    yield page
    context.close()
    assert mistakes == []


def test_requests_are_shown_with_their_answers_and_filtered(page: Page, busy: SlackSandbox) -> None:
    rows = page.get_by_test_id("exchange")
    row = rows.filter(has_text="/menu red")
    expect(row).to_contain_text("to the app")
    expect(row).to_contain_text("acknowledged · 200")
    row.locator("summary").click()
    expect(row.get_by_label("Sent")).to_contain_text('"command": "/menu"')
    expect(row.get_by_label("Sent")).to_contain_text('"token": "•••"')

    page.get_by_test_id("traffic-failed").check()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("/broken")
    expect(rows).to_contain_text("dispatch_failed · 500")
    page.get_by_test_id("traffic-failed").uncheck()

    page.get_by_test_id("traffic-kind").select_option("response_url")
    expect(rows).to_have_count(1)
    rows.first.locator("summary").click()
    expect(rows.first.get_by_label("Sent")).to_contain_text("You picked red.")
    page.get_by_test_id("traffic-kind").select_option("")

    page.get_by_test_id("traffic-find").fill("chat.postmessage")
    expect(rows.first).to_contain_text("chat.postMessage")
    rows.first.locator("summary").click()
    expect(rows.first.get_by_label("Answered")).to_contain_text('"ok": true')
    page.get_by_test_id("traffic-find").fill("no such thing")
    expect(page.get_by_text("Nothing fits the filters.")).to_be_visible()


def test_new_requests_appear_by_themselves_and_are_cleared(page: Page, busy: SlackSandbox) -> None:
    page.get_by_test_id("traffic-clear").click()
    expect(page.get_by_text("Nothing here yet.")).to_be_visible()
    busy.person("ada").types("/whisper", busy.channel("general"))
    expect(page.get_by_test_id("exchange")).to_have_count(1)
    expect(page.get_by_test_id("exchange")).to_contain_text("/whisper")


def test_no_secret_is_on_the_page(page: Page, busy: SlackSandbox) -> None:
    for summary in page.get_by_test_id("exchange").locator("summary").all():
        summary.click()
    text = page.locator("main").inner_text()
    assert not [secret for secret in SECRETS if secret in text]


def test_the_workspaces_page_leads_there(browser: Browser, busy: SlackSandbox) -> None:
    page = browser.new_page()
    page.goto(busy.url)
    expect(page.get_by_test_id("traffic-link")).to_have_attribute("href", "/inspector")
    page.close()
