"""Parse the text after the slash command into words, or into prose as it was typed. Pure.

Slack escapes `&amp;`, `&lt;`, `&gt;` and, if the app's manifest says `should_escape`, people, channels and links
as `<@U…|name>`, `<#C…|name>`, `<https://…|label>`:
https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
"""

import re
from dataclasses import dataclass

from core.definitions.json_text import CLOSERS, CLOSING, json_end
from core.errors import InvalidInput

APOSTROPHES = "'‘’‚"
# The quotes that open a text, and those that may close it: those of JSON, of more keyboards, and of code in Slack.
QUOTES = {
    **{opening: f"{closing}″＂" for opening, closing in CLOSERS.items() if closing[0] == '"'},
    **{opening: closing for opening, closing in CLOSERS.items() if closing[0] != '"'},
    **dict.fromkeys("″＂", '"“”„‟″＂'),
    "»": "«»",
    "‹": "›",
    "「": "」",
    "`": "`",
}
# Characters that are not seen, and that come along when text is copied.
UNSEEN = re.compile("[\u200b\u200e\u200f\u2060\ufeff]")
REFERENCE = re.compile(r"<([@#]|!subteam\^)([A-Z0-9]+)(?:\|([^<>]*))?>")
LINK = re.compile(r"<((?:https?|mailto|tel|ftp)[^<>|]*)(?:\|([^<>]*))?>")
KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)=")
# As phones write it, with spaces: `cluster = orders`. A key behind the spaces is the next one, and the value is empty.
SPACED = rf"{KEY.pattern[:-1]}\s*[=＝](?!=)"
SPACED_KEY = re.compile(rf"{SPACED}(?:\s+(?!{SPACED}))?")
# Characters; Slack truncates messages there: https://docs.slack.dev/changelog/2018-truncating-really-long-messages
LONGEST = 40_000
MOST_IN_VAIN = 20  # searches to the end of the text that may find nothing: bounds the parser's time
TO_SPACE = re.compile(rf"(?:{REFERENCE.pattern}|{LINK.pattern}|\S)*")


@dataclass(frozen=True)
class Word:
    """One word. `is_quoted`: it was entirely in quotes, so it is text and never `key=value`."""

    text: str
    is_quoted: bool = False

    @property
    def key_value(self) -> tuple[str, str] | None:
        """`("severity", "high")` for `severity=high`; None for any other word."""
        if self.is_quoted or not KEY.match(self.text):
            return None
        key, _, value = self.text.partition("=")
        return key, value


def words_of(typed: str) -> tuple[Word, ...]:
    """Return the words without quotes and without Slack's escapes; people and channels become their ids.

    A quote opens at the beginning of a word or of a value (`key="two words"`) and closes at the end of one, so an
    apostrophe within a word is an apostrophe. Within quotes, a quote may be escaped (`\\"`). A value that is a JSON
    list or object (`tags=["a", "b"]`) extends to its last bracket. There may be spaces around the `=`. Raises
    InvalidInput for an unclosed quote.
    """
    typed = UNSEEN.sub("", typed)
    line = _Line(typed, SPACED_KEY)
    words: list[Word] = []
    position = 0
    while (start := _next_word(typed, position)) is not None:
        word, position = line.word(start)
        words.append(word)
    return tuple(words)


def first_word(typed: str) -> tuple[str, str]:
    """Return the first word, empty if there is none, and the rest of the text as it was typed."""
    start = _next_word(typed, 0)
    if start is None:
        return "", ""
    word, end = _Line(typed).word_of_prose(start)
    return word.text, typed[end:]


def free_text(typed: str) -> str:
    """Return the text with its quotes, spaces and line breaks, without Slack's escapes."""
    return _unescaped(LINK.sub(_address, REFERENCE.sub(_name, typed))).strip()


def title_and_values(typed: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Split a text with `key=value` anywhere in it: return the text without them, as it was typed, and the pairs.

    Quotes around the whole text are dropped. Raises InvalidInput for a value's quote that is never closed.
    """
    line, words, rest = _Line(typed), list[Word](), list[str]()
    position = 0
    while (start := _next_word(typed, position)) is not None:
        word, end = line.word_of_prose(start)
        words.append(word)
        if word.key_value is None:
            rest.append(typed[position:end])
        position = end
    pairs = tuple(pair for word in words if (pair := word.key_value) is not None)
    texts = [word for word in words if word.key_value is None]
    if len(texts) == 1 and texts[0].is_quoted:
        return texts[0].text.strip(), pairs
    return free_text("".join(rest)), pairs


class _Line:
    """The typed text, readable from any position. Raises InvalidInput if it is longer than Slack's longest message."""

    def __init__(self, typed: str, key: re.Pattern[str] = KEY) -> None:
        if len(typed) > LONGEST:
            raise InvalidInput(f"That is too long: at most {LONGEST} characters.", hint="Shorten it.")
        self._text, self._key, self._left = typed, key, MOST_IN_VAIN

    def word(self, start: int) -> tuple[Word, int]:
        """Return the word at `start`, and where it ends. Raises InvalidInput for a quote that is never closed."""
        text = self._text
        if text[start] in QUOTES:
            value, end = self._quoted(start)
            return Word(value, is_quoted=True), end
        key = self._key.match(text, start)
        if key is None:
            return self._plain(start)
        value, end = self._value(key.end())
        return Word(f"{key[1]}={value}"), end

    def _value(self, start: int) -> tuple[str, int]:
        """Return the value behind a key, which may be empty, and where it ends."""
        if self._text[start : start + 1] in QUOTES:
            return self._quoted(start)
        return self._to_space(start, self._json_end(start))

    def word_of_prose(self, start: int) -> tuple[Word, int]:
        """Return the word at `start` of prose, and where it ends.

        In prose a quote need not be closed, and apostrophes only quote a text that they enclose entirely.
        """
        if self._text[start] not in QUOTES:
            return self.word(start)
        try:
            word, end = self.word(start)
        except InvalidInput:
            return self._plain(start)
        is_all = not self._text[:start].strip() and self._is_over(end)
        return (word, end) if is_all or self._text[start] not in APOSTROPHES else self._plain(start)

    def _is_over(self, end: int) -> bool:
        following = _next_word(self._text, end)
        return following is None or KEY.match(self._text, following) is not None

    def _plain(self, start: int) -> tuple[Word, int]:
        text, end = self._to_space(start)
        return Word(_dashes(text)), end

    def _to_space(self, start: int, at_least: int | None = None) -> tuple[str, int]:
        """Return the text up to the next space; with `at_least`, up to the first space from there on."""
        until = TO_SPACE.match(self._text, start if at_least is None else at_least)
        assert until, "the pattern also matches an empty text"
        return _meant(self._text[start : until.end()]), until.end()

    def _json_end(self, start: int) -> int | None:
        end = json_end(self._text, start) if self._left else None
        if end is None and self._text[start : start + 1] in CLOSING:
            self._left -= bool(self._left)
        return end

    def _quoted(self, start: int) -> tuple[str, int]:
        """Return the text in the quotes that open at `start`, and where they end. Raises InvalidInput if nowhere."""
        end = self._closing(start) if self._left else None
        if end is None:
            raise InvalidInput(
                f"A quote is never closed: {_unescaped(self._text[start : start + 40])}",
                hint="Close it, or remove it.",
            )
        inner = self._text[start + 1 : end]
        return _meant(re.sub(rf"\\([{QUOTES[self._text[start]]}])", r"\1", inner)), end + 1

    def _closing(self, start: int) -> int | None:
        """Return where the quote that opens at `start` closes: after those nested in it, as in `"He said "no" twice"`.

        If those are not all closed, it is the first quote that can close it, and an escaped one if there is no other.
        """
        text, closers, depth = self._text, QUOTES[self._text[start]], 1
        first = escaped = None
        for at in range(start + 1, len(text)):
            if text[at] not in closers:
                continue
            if text[at - 1] == "\\":
                escaped = escaped or at
            elif _ends_word(text, at):
                first, depth = first or at, depth - 1
                if depth == 0:
                    return at
            elif text[at - 1].isspace():
                depth += 1
        self._left -= 1
        return first or escaped


def _name(reference: re.Match[str]) -> str:
    """Return `@jane` or `#general` as it was typed; the id if Slack does not include the name."""
    sign, id_, name = reference[1], reference[2], reference[3]
    if not name:
        return id_
    return name if sign.startswith("!") else f"{sign}{name}"


def _address(link: re.Match[str]) -> str:
    """Undo Slack's linking: it sends `db1.example.com` as `<http://db1.example.com|db1.example.com>`."""
    address, label = link[1], link[2]
    return label if label and address.endswith(label) else address


def _meant(typed: str) -> str:
    return _unescaped(LINK.sub(_address, REFERENCE.sub(r"\2", typed)))


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _next_word(text: str, position: int) -> int | None:
    return next((i for i in range(position, len(text)) if not text[i].isspace()), None)


def _dashes(word: str) -> str:
    """Restore the two hyphens before an option, which phones turn into a dash."""
    return f"--{word[1:]}" if word.startswith(("—", "–")) else word


def _ends_word(text: str, quote: int) -> bool:
    return text[quote + 1 : quote + 2] in ("", " ") or text[quote + 1].isspace()
