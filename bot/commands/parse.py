"""From what somebody typed behind the slash command to words. Pure.

Slack escapes: `&amp;`, `&lt;`, `&gt;`, and, where the app's manifest says `should_escape`, people, channels and links
as `<@U…|name>`, `<#C…|name>`, `<https://…|label>`:
https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
"""

import re
from dataclasses import dataclass

from core.errors import InvalidInput

# Phones write typographic quotes, and each country its own pair.
CLOSERS = {
    **dict.fromkeys('"“”„‟', '"“”„‟'),
    **dict.fromkeys("'‘’‚", "'‘’‚"),
    "«": "»",
}
REFERENCE = re.compile(r"<(?:[@#]|!subteam\^)([A-Z0-9]+)(?:\|[^<>]*)?>")
LINK = re.compile(r"<((?:https?|mailto|tel|ftp)[^<>|]*)(?:\|([^<>]*))?>")
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*=")


@dataclass(frozen=True)
class Word:
    """One word. `is_quoted`: all of it stood in quotes, so it is text and no `key=value`."""

    text: str
    is_quoted: bool = False

    @property
    def key_value(self) -> tuple[str, str] | None:
        """`("severity", "high")` of `severity=high`; None of any other word."""
        if self.is_quoted or not KEY.match(self.text):
            return None
        key, _, value = self.text.partition("=")
        return key, value


def words_of(typed: str) -> tuple[Word, ...]:
    """The words, without quotes and without Slack's escapes: people and channels are their ids.

    A quote opens at the beginning of a word or of a value (`key="two words"`) and closes at the end of one, so an
    apostrophe within a word is an apostrophe. Raises InvalidInput for a quote that never closes.
    """
    text = _without_references(typed)
    words: list[Word] = []
    position = 0
    while (start := _next_word(text, position)) is not None:
        word, position = _read_word(text, start)
        words.append(word)
    return tuple(words)


def _without_references(typed: str) -> str:
    return LINK.sub(_as_typed, REFERENCE.sub(r"\1", typed))


def _as_typed(link: re.Match[str]) -> str:
    """Slack links what looks like an address: `db1.example.com` comes as `<http://db1.example.com|db1.example.com>`."""
    address, label = link[1], link[2]
    return label if label and address.endswith(label) else address


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _next_word(text: str, position: int) -> int | None:
    return next((i for i in range(position, len(text)) if not text[i].isspace()), None)


def _read_word(text: str, start: int) -> tuple[Word, int]:
    """The word at `start`, and where it ends."""
    if text[start] in CLOSERS:
        value, end = _read_quoted(text, start)
        return Word(value, is_quoted=True), end
    key = KEY.match(text, start)
    if key and text[key.end() : key.end() + 1] in CLOSERS:
        value, end = _read_quoted(text, key.end())
        return Word(key[0] + value), end
    end = next((i for i in range(start, len(text)) if text[i].isspace()), len(text))
    return Word(_dashes(_unescaped(text[start:end]))), end


def _dashes(word: str) -> str:
    """Phones make an em dash of the two hyphens before an option."""
    return f"--{word[1:]}" if word.startswith("—") else word


def _read_quoted(text: str, start: int) -> tuple[str, int]:
    closers = CLOSERS[text[start]]
    end = next((i for i in range(start + 1, len(text)) if text[i] in closers and _ends_word(text, i)), None)
    if end is None:
        raise InvalidInput(
            f"A quote is opened and never closed: {_unescaped(text[start : start + 40])}",
            hint="Close it, or leave it out.",
        )
    return _unescaped(text[start + 1 : end]), end + 1


def _ends_word(text: str, quote: int) -> bool:
    return text[quote + 1 : quote + 2] in ("", " ") or text[quote + 1].isspace()
