"""Menus that the app fills while one types, and shortcuts, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from slack_sandbox.config import ShortcutConfig
from slack_sandbox.serving import RunningSandbox
from tests.browser.sandbox_page import App, actions, config_for, enter, message, mistakes_of, say

SHORTCUTS = (
    ShortcutConfig(callback_id="run_here", name="Run a runbook"),
    ShortcutConfig(callback_id="run_any", name="Run a runbook", type="global"),
)
NAMES = ["db-failover", "db-restart"]


def option(name: str) -> dict[str, object]:
    return {"text": {"type": "plain_text", "text": name}, "value": name}


def picker(**fields: object) -> dict[str, object]:
    return {"type": "external_select", "action_id": "pick", "min_query_length": 0, **fields}


def form(element: dict[str, object]) -> dict[str, object]:
    title = {"type": "plain_text", "text": "Run"}
    label = {"type": "plain_text", "text": "Runbook"}
    block = {"type": "input", "block_id": "which", "label": label, "element": element}
    return {"type": "modal", "title": title, "submit": title, "blocks": [block]}


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    yield app
    app.stop()


@pytest.fixture
def slack(app: App) -> Iterator[RunningSandbox]:
    config = config_for(app)
    config = config.model_copy(update={"app": config.app.model_copy(update={"shortcuts": SHORTCUTS})})
    with RunningSandbox(config) as slack:
        app.api_url = slack.api_url
        yield slack


@pytest.fixture(params=[1280, 390])
def page(browser: Browser, slack: RunningSandbox, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 844})
    page = context.new_page()
    mistakes = mistakes_of(page)
    enter(page, slack.url, "U0ALICE")
    yield page
    context.close()
    assert mistakes == []


def test_a_menu_of_a_form_is_searched_and_chosen_with_the_keyboard(page: Page, app: App) -> None:
    say(page, "/runbook run")
    app.answer = {
        "option_groups": [{"label": option("Matches")["text"], "options": [option(n) for n in NAMES]}]
    }
    app.call("views.open", trigger_id=app.next_delivery()["trigger_id"], view=form(picker()))
    field = page.get_by_role("combobox", name="Runbook")
    expect(page.get_by_test_id("found")).to_be_hidden()  # it would cover the form, on a phone all of it
    field.click()
    found = page.get_by_test_id("found").get_by_role("option")
    expect(found).to_have_text(NAMES)
    expect(page.get_by_role("group", name="Matches")).to_be_visible()
    assert app.next_delivery()["value"] == ""
    field.press_sequentially("db")
    while app.next_delivery()["value"] != "db":
        pass
    expect(found).to_have_text(NAMES)
    field.press("ArrowDown")
    field.press("ArrowDown")
    expect(page.locator('[role=option][aria-selected="true"]')).to_have_text("db-restart")
    field.press("Enter")
    expect(field).to_have_value("db-restart")
    expect(page.get_by_test_id("modal")).to_be_visible()
    app.answer = {}
    page.get_by_test_id("modal-submit").click()
    values = app.next_delivery()["view"]["state"]["values"]
    assert values["which"]["pick"]["selected_option"]["value"] == "db-restart"


def test_several_are_chosen_and_one_is_taken_back(page: Page, app: App) -> None:
    say(page, "/runbook run")
    app.answer = {"options": [option(name) for name in NAMES]}
    trigger_id = app.next_delivery()["trigger_id"]
    app.call("views.open", trigger_id=trigger_id, view=form(picker(type="multi_external_select")))
    field = page.get_by_role("combobox", name="Runbook")
    for name in NAMES:
        field.click()
        page.get_by_role("option", name=name).click()
        expect(page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    page.get_by_role("button", name="Remove db-failover").click()
    expect(page.get_by_role("list", name="Chosen").get_by_role("listitem")).to_have_text(["db-restart"])


def test_a_menu_of_a_message_says_what_it_waits_for_and_why_it_is_empty(page: Page, app: App) -> None:
    app.post("Which?", blocks=actions(picker(min_query_length=2)))
    field = page.get_by_role("combobox", name="Search")
    field.click()
    expect(page.get_by_test_id("found")).to_have_text("Type at least 2 characters to search.")
    app.answer = {"options": []}
    field.press_sequentially("zz")
    expect(page.get_by_test_id("found")).to_have_text("No matches.")
    app.status = 500
    field.press_sequentially("z")
    expect(page.get_by_test_id("found")).to_contain_text("No options: The app answered with HTTP status 500.")
    field.press("Escape")
    expect(page.get_by_test_id("found")).to_be_hidden()


def test_a_shortcut_is_used_from_the_menu_of_a_reply(page: Page, app: App) -> None:
    parent = app.post("orders-db is down")
    reply = app.post("again", thread_ts=parent)
    message(page, parent).get_by_test_id("replies").click()
    shown = page.get_by_test_id("thread-pane").locator(f'[data-ts="{reply}"]')
    shown.hover()
    shown.get_by_test_id("message-menu").click()
    page.get_by_role("menuitem", name="Run a runbook").click()
    payload = app.next_delivery()
    assert (payload["type"], payload["message"]["ts"]) == ("message_action", reply)


def test_a_global_shortcut_is_used_beside_the_message_field(page: Page, app: App) -> None:
    page.get_by_test_id("shortcuts").click()
    page.get_by_role("menuitem", name="Run a runbook").press("Enter")
    assert app.next_delivery()["type"] == "shortcut"
