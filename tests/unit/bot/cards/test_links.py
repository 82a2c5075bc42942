"""Links in messages: the address arrives as it is, whatever it is made of, and neither part ends the link early."""

import re
from pathlib import Path

import pytest

from bot.cards.words import link

SIGNED = "https://runbook.example/runs/rbx_1?t=eyJ_.aB_-x_.*~_"


def test_an_address_is_not_changed() -> None:
    assert link(SIGNED, "page") == f"<{SIGNED}|page>"


@pytest.mark.parametrize(
    ("address", "text", "shown"),
    [
        ("https://a.example/?x=1&y=2", "b", "<https://a.example/?x=1&amp;y=2|b>"),
        ("https://a.example/|b>c", "d", "<https://a.example/%7Cb&gt;c|d>"),
        ("https://a.example/", "x|y> *z*\n<!here>", "<https://a.example/|x¦y&gt; ∗z∗ &lt;!here&gt;>"),
    ],
)
def test_nothing_ends_a_link_early(address: str, text: str, shown: str) -> None:
    assert link(address, text) == shown


def test_links_are_made_nowhere_else() -> None:
    """Escaping the address as if it were a text breaks it: its `_` and `*` become lookalikes."""
    by_hand = re.compile(r"<\{[^{}]*\}\|")
    made = {
        str(path) for path in Path("bot").rglob("*.py") if by_hand.search(path.read_text(encoding="utf-8"))
    }
    assert made == {"bot/cards/words.py"}
