"""The sandbox's page in a real browser, against a real sandbox and a small app that the test plays."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from slack_sandbox.serving import RunningSandbox
from tests.browser.sandbox_page import (
    CHANNEL,
    App,
    actions,
    button,
    config_for,
    confirmation,
    enter,
    message,
    messages,
    mistakes_of,
    modal,
    open_modal,
    say,
)


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.stop()


@pytest.fixture
def slack(app: App) -> Iterator[RunningSandbox]:
    with RunningSandbox(config_for(app)) as slack:
        app.api_url = slack.api_url
        yield slack


@pytest.fixture
def page(browser: Browser, slack: RunningSandbox) -> Iterator[Page]:
    """The incidents channel as Alice sees it. No script may fail, nothing may break the content policy."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    mistakes = mistakes_of(page)
    enter(page, slack.url, "U0ALICE")
    yield page
    context.close()
    assert mistakes == []


def test_what_one_person_says_appears_to_another_without_a_reload(page: Page, slack: RunningSandbox) -> None:
    other = page.context.new_page()
    enter(other, slack.url, "U0BOB")
    say(page, "orders-db is *down*, @bob")
    shown = messages(other).last
    expect(shown).to_contain_text("Alice Ng")
    expect(shown.locator("strong")).to_have_text("down")
    expect(shown.locator(".mention.mine")).to_have_text("@Bob Silva")


def test_markup_in_a_message_stays_text(page: Page, app: App) -> None:
    hostile = '<img src=x onerror="document.title=1"> <script>1</script> <javascript:alert(1)|press>'
    shown = message(page, app.post(hostile))
    expect(shown).to_contain_text('<img src=x onerror="document.title=1">')
    expect(shown.locator("img, script, a")).to_have_count(0)


def test_mrkdwn_is_shown_as_slack_shows_it(page: Page, app: App) -> None:
    lines = [
        ":white_check_mark: _soft_ ~gone~ `a*b*c` snake_case_name 2*3*4 &lt;tag&gt;",
        "&gt; quoted",
        "<https://example.com/a?b=1&amp;c=2|the page> <#C0GENERAL> <!here>",
        "```\n*not bold*\n```",
    ]
    shown = message(page, app.post("\n".join(lines)))
    expect(shown.get_by_role("img", name="white check mark")).to_be_visible()
    expect(shown.locator("em")).to_have_text("soft")
    expect(shown.locator("s")).to_have_text("gone")
    expect(shown.locator("code.code")).to_have_text("a*b*c")
    expect(shown.locator("strong")).to_have_count(0)
    expect(shown).to_contain_text("snake_case_name 2*3*4 <tag>")
    expect(shown.locator("blockquote")).to_have_text("quoted")
    expect(shown.get_by_role("link", name="the page")).to_have_attribute(
        "href", "https://example.com/a?b=1&c=2"
    )
    expect(shown.get_by_role("link", name="#general")).to_be_visible()
    expect(shown.locator("pre")).to_have_text("*not bold*")


def test_a_button_shows_that_it_waits_until_the_app_has_answered(page: Page, app: App) -> None:
    app.may_answer.clear()
    ts = app.post("Approve?", blocks=actions(button("Approve")))
    approve = page.locator('[data-action-id="gate.approve"][data-value="apr_1"]')
    approve.click()
    expect(approve).to_have_attribute("aria-busy", "true")
    payload = app.next_delivery()
    assert payload["user"]["id"] == "U0ALICE"
    assert payload["message"]["ts"] == ts
    assert payload["actions"][0]["value"] == "apr_1"
    app.may_answer.set()
    expect(approve).to_have_attribute("aria-busy", "false")


def test_a_button_with_a_confirmation_asks_first(page: Page, app: App) -> None:
    app.post(
        "Reject?", blocks=actions(button("Reject", style="danger", confirm=confirmation("The run stops.")))
    )
    page.locator('[data-action-id="gate.reject"]').click()
    expect(page.get_by_test_id("confirm")).to_contain_text("The run stops.")
    page.get_by_test_id("confirm-deny").click()
    expect(page.get_by_test_id("confirm")).to_have_count(0)
    assert app.received.empty()
    page.locator('[data-action-id="gate.reject"]').click()
    page.get_by_test_id("confirm-ok").click()
    assert app.next_delivery()["actions"][0]["action_id"] == "gate.reject"


def test_a_choice_in_a_message_reaches_the_app(page: Page, app: App) -> None:
    app.post("Hand over", blocks=actions({"type": "users_select", "action_id": "hand.over"}))
    page.locator('[data-action-id="hand.over"]').select_option("U0BOB")
    assert app.next_delivery()["actions"][0]["selected_user"] == "U0BOB"


def test_an_update_replaces_the_message_and_leaves_open_what_was_open(page: Page, app: App) -> None:
    metadata = {"event_type": "runbook_execution", "event_payload": {"workflow_execution_id": "wfx_9"}}
    ts = app.post("step 1 of 2", metadata=metadata)
    message(page, ts).get_by_text("metadata").click()
    expect(message(page, ts).get_by_text("wfx_9")).to_be_visible()
    app.call("chat.update", channel=CHANNEL, ts=ts, text="step 2 of 2", metadata=metadata)
    expect(message(page, ts)).to_contain_text("step 2 of 2")
    expect(message(page, ts)).to_contain_text("(edited)")
    expect(message(page, ts).get_by_text("wfx_9")).to_be_visible()


def test_a_thread_opens_beside_the_channel_and_follows_along(page: Page, app: App) -> None:
    ts = app.post("db-failover is running")
    app.post("lag: 2 s", thread_ts=ts)
    expect(message(page, ts).get_by_test_id("replies")).to_contain_text("1 reply")
    expect(messages(page)).to_have_count(1)
    message(page, ts).get_by_test_id("replies").click()
    pane = page.get_by_test_id("thread-pane")
    expect(pane.get_by_test_id("message")).to_have_count(2)
    app.post("It succeeded", thread_ts=ts, reply_broadcast=True)
    expect(pane.get_by_test_id("message")).to_have_count(3)
    expect(messages(page).last).to_contain_text("replied to a thread: db-failover is running")
    page.get_by_test_id("thread-composer").fill("Thanks")
    page.get_by_test_id("thread-send").click()
    expect(pane.get_by_test_id("message").last).to_contain_text("Thanks")
    expect(message(page, ts).get_by_test_id("replies")).to_contain_text("3 replies")


def test_an_ephemeral_message_is_seen_by_its_person_alone(page: Page, app: App) -> None:
    app.call("chat.postEphemeral", channel=CHANNEL, user="U0ALICE", text="You may not approve this.")
    expect(messages(page).last).to_contain_text("Only visible to you")
    page.get_by_test_id("user-switch").select_option("U0BOB")
    expect(messages(page)).to_have_count(0)
    page.get_by_test_id("user-switch").select_option("U0ALICE")
    expect(messages(page).last).to_contain_text("You may not approve this.")


def test_who_one_is_stays_in_the_address_and_after_a_reload(page: Page, slack: RunningSandbox) -> None:
    page.get_by_test_id("user-switch").select_option("U0BOB")
    page.get_by_test_id("channel-C0GENERAL").click()
    expect(page).to_have_url(f"{slack.url}/?user=U0BOB&channel=C0GENERAL")
    page.goto(slack.url)
    expect(page.get_by_test_id("user-switch")).to_have_value("U0BOB")


def test_who_is_not_known_begins_as_the_first_person(browser: Browser, slack: RunningSandbox) -> None:
    with browser.new_context() as context:
        for address in (slack.url, f"{slack.url}/?user=U0GONE"):
            page = context.new_page()
            page.goto(address)
            expect(page.get_by_test_id("user-switch")).to_have_value("U0ALICE")


def test_a_channel_with_news_is_marked_until_it_is_opened(page: Page, app: App) -> None:
    app.call("chat.postMessage", channel="C0GENERAL", text="All hands at noon")
    expect(page.get_by_test_id("unread-C0GENERAL")).to_contain_text("1")
    page.get_by_test_id("channel-C0GENERAL").click()
    expect(messages(page).last).to_contain_text("All hands at noon")
    expect(page.get_by_test_id("unread-C0GENERAL")).to_have_count(0)


def test_a_modal_says_what_is_wrong_under_the_field_and_closes_when_it_is_right(page: Page, app: App) -> None:
    dialog = open_modal(page, app)
    field = dialog.get_by_label("Reason")
    expect(field).to_be_focused()
    page.get_by_test_id("modal-submit").click()
    expect(dialog.locator(".field-error")).to_have_text("Please complete this required field.")
    app.answer = {"response_action": "errors", "errors": {"reason": "Say more."}}
    field.fill("because")
    page.get_by_test_id("modal-submit").click()
    expect(dialog.locator(".field-error")).to_have_text("Say more.")
    expect(field).to_be_focused()
    assert app.next_delivery()["view"]["state"]["values"]["reason"]["text"]["value"] == "because"
    app.answer = {}
    page.get_by_test_id("modal-submit").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_test_id("composer")).to_be_focused()


def test_escape_closes_a_modal_for_good(page: Page, app: App, slack: RunningSandbox) -> None:
    dialog = open_modal(page, app)
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    enter(page, slack.url, "U0ALICE")
    expect(dialog).to_have_count(0)


def test_a_command_that_failed_is_told_and_stays_in_the_field(page: Page, app: App) -> None:
    app.status = 500
    say(page, "/runbook list")
    expect(page.get_by_test_id("toast")).to_contain_text("failed")
    expect(page.get_by_test_id("composer")).to_have_value("/runbook list")


def test_the_composer_offers_commands_and_remembers_what_was_sent(page: Page) -> None:
    composer = page.get_by_test_id("composer")
    composer.fill("/runbook incident o")
    expect(page.get_by_test_id("hints")).to_contain_text("/runbook incident open")
    composer.press("Tab")
    expect(composer).to_have_value("/runbook incident open ")
    for text in ("first", "second"):
        say(page, text)
        expect(messages(page).last).to_contain_text(text)
    composer.press("ArrowUp")
    composer.press("ArrowUp")
    expect(composer).to_have_value("first")


def test_the_page_finds_back_to_a_sandbox_that_was_restarted(
    page: Page, app: App, slack: RunningSandbox
) -> None:
    app.post("before")
    expect(messages(page).last).to_contain_text("before")
    slack.stop()
    expect(page.get_by_test_id("connection")).to_have_text("Reconnecting…")
    with RunningSandbox(config_for(app), port=int(slack.url.rpartition(":")[2])):
        app.post("after")
        expect(page.get_by_test_id("connection")).to_have_text("Live", timeout=15_000)
        expect(messages(page)).to_have_count(1)
        expect(messages(page).last).to_contain_text("after")


def test_a_modal_that_the_app_updates_keeps_what_was_entered(page: Page, app: App) -> None:
    dialog = open_modal(page, app)
    dialog.get_by_label("Reason").fill("the primary is gone")
    view_id = page.locator("[data-view-id]").get_attribute("data-view-id")
    app.call("views.update", view_id=view_id, view=modal("*2 steps* change something"))
    expect(dialog.locator("strong")).to_have_text("2 steps")
    expect(dialog.get_by_label("Reason")).to_have_value("the primary is gone")


def test_nobody_can_write_in_an_archived_channel_until_it_is_opened_again(page: Page) -> None:
    page.get_by_test_id("channel-menu").click()
    page.get_by_role("menuitem", name="Archive channel").click()
    page.get_by_test_id("confirm-ok").click()
    expect(page.get_by_test_id("composer")).not_to_be_visible()
    page.get_by_test_id("unarchive").click()
    expect(page.get_by_test_id("composer")).to_be_visible()


def test_a_permalink_leads_to_its_message(page: Page, app: App) -> None:
    ts = app.post("the one")
    for number in range(30):
        app.post(f"later {number}")
    expect(messages(page)).to_have_count(31)
    page.goto(app.call("chat.getPermalink", channel=CHANNEL, message_ts=ts)["permalink"])
    expect(message(page, ts)).to_be_in_viewport()


def test_on_a_phone_the_channels_are_in_a_drawer(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    channel = page.get_by_test_id("channel-C0GENERAL")
    expect(channel).not_to_be_visible()
    page.get_by_test_id("drawer-toggle").click()
    channel.click()
    expect(page.get_by_test_id("channel-name")).to_have_text("general")
    expect(channel).not_to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
