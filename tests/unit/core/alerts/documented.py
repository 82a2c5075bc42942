"""The tables of docs/alerts.md, parsed for its tests."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[4] / "docs" / "alerts.md"
WORD = re.compile(r"`(\w+)`")


def tables(heading: str) -> list[list[dict[str, str]]]:
    """Return the tables under a heading; each row maps column names to cells."""
    text = PAGE.read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [_rows(table) for table in found]


def rows(heading: str) -> list[dict[str, str]]:
    """Return the rows of the first table."""
    return tables(heading)[0]


def words(cell: str) -> list[str]:
    """Return the texts between backticks."""
    return WORD.findall(cell)


def _rows(table: str) -> list[dict[str, str]]:
    head, _, *lines = [
        [cell.strip() for cell in line.strip("|\n ").split(" | ")] for line in table.splitlines()
    ]
    return [dict(zip(head, line, strict=True)) for line in lines]
