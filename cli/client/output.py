"""What people read: tables without lines, in 80 columns where the terminal does not say otherwise."""

import re
import unicodedata
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

MENTION = re.compile(r"<@([A-Z0-9]+)>")
COLOURS = {
    "succeeded": "green",
    "approved": "green",
    "failed": "red",
    "timed out": "red",
    "unknown": "yellow",
}


def plain(text: str) -> str:
    """Text from elsewhere, fit for a terminal: nothing in it moves the cursor, and people are bare Slack ids."""
    kept = "".join(each if each == "\n" or unicodedata.category(each) != "Cc" else "�" for each in text)
    return MENTION.sub(r"\1", kept)


def say(text: str) -> None:
    """One paragraph."""
    _console().print(plain(text), soft_wrap=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, whole: int = 1) -> None:
    """A table whose first `whole` columns are never broken, since people copy them. Statuses have a colour."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, heading in enumerate(headings):
        shown.add_column(heading, no_wrap=place < whole, overflow="fold")
    for row in rows:
        shown.add_row(*map(plain, row), style=next((COLOURS[each] for each in row if each in COLOURS), None))
    _console().print(shown)


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Names and values, one pair a line; a pair without a value is left out."""
    shown = Table.grid(padding=(0, 2))
    shown.add_column(no_wrap=True)
    shown.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            shown.add_row(f"  {name}", plain(value))
    _console().print(shown)


def _console() -> Console:
    """Made when needed: standard output may be another one by then. Nothing that is printed is markup."""
    return Console(markup=False, emoji=False, highlight=False)
