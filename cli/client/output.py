"""Terminal output: paragraphs, borderless tables and lists of facts, 80 columns wide if the width is unknown."""

import re
import unicodedata
from collections.abc import Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

MENTION = re.compile(r"<@([A-Z0-9]+)>")
COLOURS = {
    "succeeded": "green",
    "approved": "green",
    "failed": "red",
    "timed out": "red",
    "unknown": "yellow",
}


def plain(text: str) -> str:
    """Return untrusted text made safe for a terminal: control characters replaced, mentions as bare Slack ids."""
    kept = "".join(each if each == "\n" or unicodedata.category(each) != "Cc" else "�" for each in text)
    return MENTION.sub(r"\1", kept)


def say(text: str) -> None:
    """Print one paragraph."""
    show(paragraph(text))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, whole: int = 1) -> None:
    """Print `table_of` the rows."""
    show(table_of(headings, rows, whole=whole))


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Print `facts_of` the pairs."""
    show(facts_of(pairs))


def show(part: RenderableType) -> None:
    """Print one part. A paragraph is not broken into lines: the terminal does it, so that it can be copied."""
    console().print(part, soft_wrap=isinstance(part, Text))


def paragraph(text: str) -> Text:
    return Text(plain(text))


def table_of(headings: Sequence[str], rows: Sequence[Sequence[str]], *, whole: int = 1) -> Table:
    """Return a table. Its first `whole` columns are never wrapped, since people copy them; a status colours its row."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, heading in enumerate(headings):
        shown.add_column(heading, no_wrap=place < whole, overflow="fold")
    for row in rows:
        shown.add_row(*map(plain, row), style=next((COLOURS[each] for each in row if each in COLOURS), None))
    return shown


def facts_of(pairs: Sequence[tuple[str, str]]) -> Table:
    """Return names and values, one pair per line; pairs with an empty value are left out."""
    shown = Table.grid(padding=(0, 2))
    shown.add_column(no_wrap=True)
    shown.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            shown.add_row(f"  {name}", plain(value))
    return shown


def console() -> Console:
    """Create a console per call, since standard output may have been replaced; markup is never interpreted."""
    return Console(markup=False, emoji=False, highlight=False)
