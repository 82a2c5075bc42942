"""Pictures of what the browser tests see: `make pictures` takes them for the docs; otherwise none are taken."""

import os
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize

FOLDER = os.environ.get("RUNBOOK_PICTURES")
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
SHADES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
QUALITY = 60  # of a JPEG: text stays readable in some 40 kB
SETTLED = 600  # milliseconds, after which what slides in has arrived


def picture(page: Page, name: str) -> None:
    """Take it on a phone and on a desktop, light and dark; the page is afterwards as it was."""
    if not FOLDER:
        return
    before = page.viewport_size
    for shade in SHADES:
        page.emulate_media(color_scheme=shade)
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            page.wait_for_timeout(SETTLED)
            page.evaluate("document.querySelector('[data-testid=message-list]')?.scrollTo(0, 1e9)")
            path = Path(FOLDER) / f"{name}-{size['width']}-{shade}.jpg"
            page.screenshot(path=path, type="jpeg", quality=QUALITY)
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)
