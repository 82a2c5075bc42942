"""The App Home, files, bookmarks and pins, and what people do with a channel, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from slack_sdk import WebClient

from slack_sandbox.config import AppConfig
from slack_sandbox.serving import RunningSandbox
from tests.browser.sandbox_page import CHANNEL, App, button, config_for, enter, message, messages, mistakes_of


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.stop()


@pytest.fixture
def slack(app: App) -> Iterator[RunningSandbox]:
    config = config_for(app)
    config = config.model_copy(update={"app": config.app.model_copy(update={"events": ("app_home_opened",)})})
    with RunningSandbox(config) as slack:
        app.api_url = slack.api_url
        yield slack


@pytest.fixture
def client(slack: RunningSandbox) -> WebClient:
    return WebClient(token=AppConfig().bot_token, base_url=slack.api_url)


@pytest.fixture(params=[1280, 390])
def page(browser: Browser, slack: RunningSandbox, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 844})
    page = context.new_page()
    mistakes = mistakes_of(page)
    enter(page, slack.url, "U0ALICE")
    yield page
    context.close()
    assert mistakes == []


def home(text: str) -> dict[str, object]:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}, "accessory": button("Approve")}
    return {"type": "home", "blocks": [section]}


def open_app(page: Page) -> None:
    if page.get_by_test_id("drawer-toggle").is_visible():
        page.get_by_test_id("drawer-toggle").click()
    page.locator("#channel-list").get_by_text("Runbook").click()


def test_the_home_tab_is_shown_renewed_and_pressed(page: Page, client: WebClient, app: App) -> None:
    open_app(page)
    expect(page.get_by_test_id("home")).to_contain_text("has not published a Home tab for you")
    assert app.next_event()["tab"] == "home"
    client.views_publish(user_id="U0ALICE", view=home("One waits for you."))
    expect(page.get_by_test_id("home")).to_contain_text("One waits for you.")
    page.get_by_role("button", name="Approve").click()
    assert app.next_delivery()["view"]["type"] == "home"
    client.views_publish(user_id="U0ALICE", view=home("None waits."))
    expect(page.get_by_test_id("home")).to_contain_text("None waits.")
    page.get_by_test_id("tab-messages").click()
    assert app.next_event()["tab"] == "messages"
    expect(page.get_by_test_id("composer")).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("home")).to_be_visible()


def test_a_file_is_shown_and_downloaded(page: Page, client: WebClient, tmp_path: Path) -> None:
    text = "\n".join(f"line {n}" for n in range(500))
    client.files_upload_v2(channel=CHANNEL, filename="out.txt", title="Output", content=text)
    shown = messages(page).last.get_by_test_id("file")
    expect(shown).to_contain_text("500 lines")
    expect(shown).to_contain_text("The rest is in the file.")
    with page.expect_download() as download:
        shown.get_by_role("link", name="Download Output").click()
    download.value.save_as(tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == text


def test_bookmarks_and_pins_stand_below_the_head(page: Page, client: WebClient, app: App) -> None:
    link = "https://example.com/inc-12"
    client.bookmarks_add(channel_id=CHANNEL, title="The page", type="link", link=link)
    client.bookmarks_add(channel_id=CHANNEL, title="Bad", type="link", link="https://ok.example")
    ts = app.post("The card")
    client.pins_add(channel=CHANNEL, timestamp=ts)
    expect(page.get_by_test_id("bookmark").first).to_have_attribute("href", link)
    page.get_by_test_id("pins").click()
    page.get_by_role("button", name="Show in the channel").click()
    expect(message(page, ts)).to_have_class("message pointed-at")


def test_a_channel_is_renamed_and_the_app_taken_out(page: Page, client: WebClient) -> None:
    page.get_by_test_id("channel-menu").click()
    page.get_by_role("menuitem", name="Rename…").click()
    page.get_by_role("textbox", name="Name").fill("outages")
    page.get_by_test_id("ask-ok").click()
    expect(page.get_by_test_id("channel-name")).to_have_text("outages")
    page.get_by_test_id("channel-menu").click()
    page.get_by_role("menuitem", name="Remove Runbook").click()
    expect(page.get_by_test_id("member-count")).to_have_text("3")
    assert client.conversations_info(channel=CHANNEL)["channel"]["is_member"] is False
