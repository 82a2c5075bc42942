"""What the browser tests of the product's own pages share: signing in, and axe, which finds what keeps people out."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from cli.demo.stage import Stage
from tests.browser.pictures import DESK, PHONE, SHADES
from tests.npm import installed

AXE = Path(__file__).parent / "axe"


def signed_in(browser: Browser, demo: Stage, person: str, path: str = "/") -> Page:
    """A page of somebody who signs in with Slack; it notes what a browser complains about."""
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(f"{demo.web}{path}")
    page.get_by_role("link", name="Sign in with Slack").click()
    page.get_by_label("You are").select_option(person)
    page.get_by_role("button", name="Allow").click()
    expect(page).to_have_url(f"{demo.web}{path}")
    return page


def complaints(page: Page, demo: Stage) -> list[str]:
    """From now on: errors of scripts, refusals by the content policy, and requests to any other host."""
    found: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith(demo.web):
            found.append(f"a request to {request.url}")

    page.on("console", on_console)
    page.on("request", on_request)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def violations(page: Page) -> list[str]:
    """What axe finds in the page as it is, on a phone and on a desktop, one light and one dark. Skips without npm."""
    source = installed(AXE) / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        pytest.skip("axe-core is not where npm puts it")
    page.evaluate(source.read_text(encoding="utf-8"))
    found: list[str] = []
    for shade, size in zip(SHADES, (PHONE, DESK), strict=True):
        page.emulate_media(color_scheme=shade)
        page.set_viewport_size(size)
        result = page.evaluate("axe.run({resultTypes: ['violations']})")
        for each in result["violations"]:
            where = "; ".join(str(node["target"]) for node in each["nodes"][:3])
            found.append(f"{page.url} {size['width']} {shade}: {each['id']}: {each['help']} ({where})")
    page.emulate_media(color_scheme="light")
    return found


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than a phone."""
    page.set_viewport_size(PHONE)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.set_viewport_size(DESK)
    return int(wider)


def close(*pages: Page) -> None:
    contexts: set[BrowserContext] = {page.context for page in pages}
    for context in contexts:
        context.close()
