"""What people do with messages, and what the sandbox is told to do, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from slack_sandbox.config import UsergroupConfig
from slack_sandbox.serving import RunningSandbox
from tests.browser.sandbox_page import CHANNEL, App, config_for, enter, message, messages, mistakes_of, say


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.stop()


@pytest.fixture
def slack(app: App) -> Iterator[RunningSandbox]:
    group = UsergroupConfig(id="S0DBA", handle="dba", name="Database admins", users=("U0ALICE",))
    own = {"emoji": {"shipit": "/static/icon.svg"}, "usergroups": (group,)}
    with RunningSandbox(config_for(app).model_copy(update=own)) as slack:
        app.api_url = slack.api_url
        yield slack


@pytest.fixture
def page(browser: Browser, slack: RunningSandbox) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 844})
    page = context.new_page()
    mistakes = mistakes_of(page)
    enter(page, slack.url, "U0ALICE")
    yield page
    context.close()
    assert mistakes == []


def choose(page: Page, tool: str, entry: str) -> None:
    last = messages(page).last
    last.hover()
    last.get_by_test_id(tool).click()
    page.get_by_role("menuitem", name=entry).click()


def test_a_message_is_edited_reacted_to_and_deleted(page: Page) -> None:
    say(page, "orders-db is slow, @bob")
    choose(page, "message-menu", "Edit…")
    field = page.get_by_test_id("ask").get_by_role("textbox", name="Message")
    expect(field).to_have_value("orders-db is slow, @bob")
    field.fill("orders-db is down, @bob")
    page.get_by_test_id("ask-ok").click()
    last = messages(page).last
    expect(last).to_contain_text("orders-db is down, @Bob Silva")
    expect(last).to_contain_text("(edited)")
    choose(page, "react", "eyes")
    expect(last.get_by_test_id("reaction-eyes")).to_have_attribute("aria-pressed", "true")
    last.get_by_test_id("reaction-eyes").click()
    expect(last.get_by_test_id("reaction-eyes")).to_have_count(0)
    choose(page, "react", "shipit")
    expect(last.get_by_role("img", name="shipit")).to_be_visible()
    choose(page, "message-menu", "Delete…")
    page.get_by_test_id("confirm-ok").click()
    expect(messages(page)).to_have_count(0)


def test_what_is_pressed_while_something_new_arrives_is_pressed_all_the_same(page: Page, app: App) -> None:
    """red before: the list of channels was drawn anew in between, and the press was lost."""
    general = page.get_by_test_id("channel-C0GENERAL")
    general.hover()
    page.mouse.down()
    app.post("something new", channel="C0GENERAL")
    page.wait_for_timeout(500)  # what is red without the fix has drawn the list by then
    page.mouse.up()
    expect(page.get_by_test_id("channel-name")).to_have_text("general")
    expect(messages(page).last).to_contain_text("something new")


def test_people_groups_and_channels_are_completed(page: Page) -> None:
    field = page.get_by_test_id("composer")
    field.press_sequentially("ask @db")
    expect(page.get_by_test_id("hints").get_by_role("option")).to_contain_text(["@dba"])
    field.press("Tab")
    field.press_sequentially("in #gen")
    field.press("Tab")
    expect(field).to_have_value("ask @dba in #general ")
    field.press("Enter")
    expect(messages(page).last).to_contain_text("ask @dba in #general")
    expect(messages(page).last.get_by_role("link", name="#general")).to_be_visible()


def test_a_permalink_in_a_message_opens_the_thread_without_a_reload(page: Page, app: App) -> None:
    parent = app.post("orders-db is down")
    reply = app.post("again", thread_ts=parent)
    link = app.call("chat.getPermalink", channel=CHANNEL, message_ts=reply)["permalink"]
    shown = message(page, app.post(f"See <{link}|what was said>"))
    page.evaluate("window.stillHere = true")
    shown.get_by_role("link", name="what was said").click()
    expect(page.get_by_test_id("thread-pane").locator(f'[data-ts="{reply}"]')).to_be_visible()
    assert page.evaluate("window.stillHere")


def test_what_was_read_in_one_browser_is_read_in_another(
    browser: Browser, slack: RunningSandbox, app: App
) -> None:
    app.post("news")
    first = browser.new_context()
    page = first.new_page()
    enter(page, slack.url, "U0ALICE", "C0GENERAL")
    expect(page.get_by_test_id(f"unread-{CHANNEL}")).to_contain_text("1")
    with page.expect_response("**/messages/read"):
        page.get_by_test_id(f"channel-{CHANNEL}").click()
    first.close()
    second = browser.new_context()
    page = second.new_page()
    enter(page, slack.url, "U0ALICE", "C0GENERAL")
    expect(page.get_by_test_id(f"channel-{CHANNEL}")).to_be_visible()
    expect(page.get_by_test_id(f"unread-{CHANNEL}")).to_have_count(0)
    second.close()


def test_faults_the_clock_and_a_reset_are_a_click_away(page: Page, app: App) -> None:
    say(page, "soon gone")
    expect(messages(page)).to_have_count(1)
    page.get_by_test_id("sandbox-menu").click()
    page.get_by_test_id("fault-method").fill("chat.postMessage")
    page.get_by_test_id("fault-kind").select_option("error")
    page.get_by_test_id("fault-add").click()
    expect(page.get_by_test_id("faults")).to_contain_text(
        "chat.postMessage An answer with internal_error, once"
    )
    page.get_by_test_id("clock-180").click()
    expect(page.get_by_test_id("clock")).to_contain_text("3 minutes ahead")
    page.get_by_test_id("double").click()
    expect(page.get_by_test_id("disturbances")).to_contain_text("1 still to come twice")
    page.get_by_test_id("reset").click()
    expect(page.get_by_test_id("faults").get_by_role("listitem")).to_have_count(0)
    page.get_by_test_id("info-ok").click()
    expect(messages(page)).to_have_count(0)


def test_a_transcript_is_downloaded(page: Page) -> None:
    say(page, "orders-db is down")
    expect(messages(page)).to_have_count(1)
    page.get_by_test_id("channel-menu").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export the transcript").click()
    assert "**Alice Ng**: orders-db is down" in download.value.path().read_text()


def test_an_app_is_allowed_to_be_installed(page: Page, slack: RunningSandbox) -> None:
    back = "http://127.0.0.1:9/oauth"
    asked = f"client_id=A0RUNBOOK&scope=chat:write&state=s1&redirect_uri={back}"
    page.goto(f"{slack.url}/oauth/v2/authorize?{asked}")
    expect(page.get_by_role("listitem")).to_have_text(["chat:write"])
    with page.expect_request(lambda request: request.url.startswith(back)) as sent:
        page.get_by_role("button", name="Allow").click()
    assert "state=s1" in sent.value.url
    assert "code=" in sent.value.url
