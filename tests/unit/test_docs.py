"""The documents point at what is there, and every picture that is taken is shown."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
MARKDOWN_LINK, HTML_LINK = re.compile(r"\]\(([^)#\s]+)"), re.compile(r'(?:src|href|srcset)="([^"#]+)"')


def links_of(document: Path) -> set[str]:
    """What the document links to in this repository; not what it shows as code."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", document.read_text(), flags=re.DOTALL)
    found = {*MARKDOWN_LINK.findall(text), *HTML_LINK.findall(text)}
    return {link for link in found if not re.match(r"[a-z]+:", link)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_it_links_to_is_there(document: Path) -> None:
    missing = {link for link in links_of(document) if not (document.parent / link).exists()}
    assert missing == set(), f"{document.relative_to(ROOT)} links to what is not there"


def test_every_picture_is_shown() -> None:
    """A moment has four pictures: phone and desktop, light and dark. One size of it is shown."""
    taken = {
        re.sub(r"-(390|1440)-(light|dark)\.jpg$", "", each.name) for each in ROOT.glob("docs/images/*.jpg")
    }
    pages = "".join((ROOT / page).read_text() for page in ("docs/in-slack.md", "docs/pages.md"))
    shown = set(re.findall(r'src="images/([a-z-]+)-(?:390|1440)-light\.jpg"', pages))
    assert taken == shown
