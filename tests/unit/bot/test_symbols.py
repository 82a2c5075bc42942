"""The symbols that messages use are drawn by the sandbox's page: a machine without an emoji font shows them, too."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "slack_sandbox" / "page"
SYMBOL = re.compile(
    "[\u2600-\u27bf\u231b\u23e9-\u23fa\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\U0001f000-\U0001faff]"
)
DRAWN = re.compile(r'^ {2}(\w+): "(.)', re.MULTILINE)


def symbols_in_messages() -> set[str]:
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "core").rglob("*.py")]
    return {symbol for source in sources for symbol in SYMBOL.findall(source.read_text(encoding="utf-8"))}


def drawn_symbols() -> dict[str, str]:
    """The name of each symbol that the page draws."""
    table = (PAGE / "js" / "emoji.js").read_text(encoding="utf-8").split("const DRAWN = {")[1].split("};")[0]
    return {symbol: name for name, symbol in DRAWN.findall(table)}


@pytest.mark.parametrize("symbol", sorted(symbols_in_messages()))
def test_a_symbol_of_a_message_is_drawn(symbol: str) -> None:
    name = drawn_symbols().get(symbol)
    assert name, f"Add {symbol} to DRAWN in slack_sandbox/page/js/emoji.js, with its picture in page/emoji/."
    assert (PAGE / "emoji" / f"{name}.svg").is_file()
