"""From what somebody typed behind the slash command to words, or to a text as it was typed. Pure.

Slack escapes: `&amp;`, `&lt;`, `&gt;`, and, where the app's manifest says `should_escape`, people, channels and links
as `<@U…|name>`, `<#C…|name>`, `<https://…|label>`:
https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
"""

import re
from dataclasses import dataclass

from core.definitions.json_text import CLOSERS, CLOSING, json_end
from core.errors import InvalidInput

APOSTROPHES = "'‘’‚"
REFERENCE = re.compile(r"<([@#]|!subteam\^)([A-Z0-9]+)(?:\|([^<>]*))?>")
LINK = re.compile(r"<((?:https?|mailto|tel|ftp)[^<>|]*)(?:\|([^<>]*))?>")
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*=")
# Characters; Slack cuts messages there: https://docs.slack.dev/changelog/2018-truncating-really-long-messages
LONGEST = 40_000
MOST_IN_VAIN = 20  # how often something is looked for to the end of the text, and not found
TO_SPACE = re.compile(rf"(?:{REFERENCE.pattern}|{LINK.pattern}|\S)*")


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
    apostrophe within a word is an apostrophe; within, it may be escaped (`\\"`). A value that is a list or a mapping as
    JSON (`tags=["a", "b"]`) goes to its last bracket. Raises InvalidInput for a quote that never closes.
    """
    line = _Line(typed)
    words: list[Word] = []
    position = 0
    while (start := _next_word(typed, position)) is not None:
        word, position = line.word(start)
        words.append(word)
    return tuple(words)


def first_word(typed: str) -> tuple[str, str]:
    """The first word (empty: there is none), and what is typed behind it, which may be words or any text."""
    start = _next_word(typed, 0)
    if start is None:
        return "", ""
    word, end = _Line(typed).word_of_prose(start)
    return word.text, typed[end:]


def free_text(typed: str) -> str:
    """The text as it was typed, with its quotes, spaces and line breaks; without Slack's escapes."""
    return _unescaped(LINK.sub(_address, REFERENCE.sub(_name, typed))).strip()


def title_and_values(typed: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A text in which `key=value` may stand anywhere: the text without them, as it was typed, and they.

    Quotes around the whole text are no part of it. Raises InvalidInput for a quote of a value that never closes.
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
    """What was typed, read from any place in it. Raises InvalidInput for more than Slack's longest message."""

    def __init__(self, typed: str) -> None:
        if len(typed) > LONGEST:
            raise InvalidInput(f"That is too long: at most {LONGEST} characters.", hint="Say it in fewer.")
        self._text, self._left = typed, MOST_IN_VAIN

    def word(self, start: int) -> tuple[Word, int]:
        """The word at `start`, and where it ends. Raises InvalidInput for a quote that never closes."""
        text = self._text
        if text[start] in CLOSERS:
            value, end = self._quoted(start)
            return Word(value, is_quoted=True), end
        key = KEY.match(text, start)
        if key is None:
            return self._plain(start)
        if text[key.end() : key.end() + 1] in CLOSERS:
            value, end = self._quoted(key.end())
            return Word(key[0] + value), end
        return self._plain(start, self._json_end(key.end()))

    def word_of_prose(self, start: int) -> tuple[Word, int]:
        """In prose a quote need not close, and an apostrophe holds nothing together but all of it."""
        if self._text[start] not in CLOSERS:
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

    def _plain(self, start: int, at_least: int | None = None) -> tuple[Word, int]:
        """Up to the next space; `at_least`: up to there, whatever is before it."""
        until = TO_SPACE.match(self._text, start if at_least is None else at_least)
        assert until, "it matches nothing too"
        return Word(_dashes(_meant(self._text[start : until.end()]))), until.end()

    def _json_end(self, start: int) -> int | None:
        end = json_end(self._text, start) if self._left else None
        if end is None and self._text[start : start + 1] in CLOSING:
            self._left -= bool(self._left)
        return end

    def _quoted(self, start: int) -> tuple[str, int]:
        """What stands in the quotes that open at `start`, and where they end. Raises InvalidInput if they never do."""
        end = self._closing(start) if self._left else None
        if end is None:
            raise InvalidInput(
                f"A quote is opened and never closed: {_unescaped(self._text[start : start + 40])}",
                hint="Close it, or leave it out.",
            )
        inner = self._text[start + 1 : end]
        return _meant(re.sub(rf"\\([{CLOSERS[self._text[start]]}])", r"\1", inner)), end + 1

    def _closing(self, start: int) -> int | None:
        """Where the quote that opens at `start` closes: behind others within, as of `"He said "no" twice"`.

        If not all of those close, at the first that could; at one that is escaped where there is no other.
        """
        text, closers, depth = self._text, CLOSERS[self._text[start]], 1
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
    """A person was typed as `@jane`, a channel as `#general`; Slack need not say the name."""
    sign, id_, name = reference[1], reference[2], reference[3]
    if not name:
        return id_
    return name if sign.startswith("!") else f"{sign}{name}"


def _address(link: re.Match[str]) -> str:
    """Slack links what looks like an address: `db1.example.com` comes as `<http://db1.example.com|db1.example.com>`."""
    address, label = link[1], link[2]
    return label if label and address.endswith(label) else address


def _meant(typed: str) -> str:
    return _unescaped(LINK.sub(_address, REFERENCE.sub(r"\2", typed)))


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _next_word(text: str, position: int) -> int | None:
    return next((i for i in range(position, len(text)) if not text[i].isspace()), None)


def _dashes(word: str) -> str:
    """Phones make an em dash of the two hyphens before an option."""
    return f"--{word[1:]}" if word.startswith("—") else word


def _ends_word(text: str, quote: int) -> bool:
    return text[quote + 1 : quote + 2] in ("", " ") or text[quote + 1].isspace()
