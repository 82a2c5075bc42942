"""What must be true of everything that the bot shows in Slack."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sandbox.block_kit.blocks import block_problems
from slack_sandbox.block_kit.views import checked_view
from slack_sandbox.values import SlackError

LONGEST_TEXT = (
    4_000  # what Slack advises: https://docs.slack.dev/reference/methods/chat.postMessage#truncating
)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
CONTROL = re.compile(r"<([^<>]*)>")
DATE = re.compile(r"!date\^\d+\^[^|]*\|.*")
MENTION = re.compile(r"[@#][UWC][A-Z0-9]+")
OUR_LINK = re.compile(r"https?://(?!planted)[^|]+\|[^|]*")
BARE_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")
MASS_MENTION = re.compile(r"(?<![\w.])@(?:channel|here|everyone)\b(?!\.\w)", re.IGNORECASE)
FORMAT = re.compile(r"(?<![\w*_~])([*_~])(?=\S)([^\n]*?)(?<=\S)\1(?![\w*_~])")
PLANTED_WORDS = ("bold", "italic", "struck")
UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


@dataclass(frozen=True)
class Shown:
    """A message, an ephemeral reply (then without blocks, it may be), or a view."""

    text: str = ""
    blocks: Sequence[Any] = ()
    view: dict[str, Any] | None = None
    metadata: object = None


def problems(shown: Shown) -> list[str]:
    """Everything that is wrong with it; nothing if it may be shown."""
    found = _view_problems(shown.view) if shown.view is not None else _message_problems(shown)
    content = shown.view if shown.view is not None else list(shown.blocks)
    for text_object in _text_objects(content):
        found += _text_problems(text_object)
    return found


def _message_problems(shown: Shown) -> list[str]:
    found = [str(problem) for problem in block_problems(list(shown.blocks))]
    if not is_visible(shown.text):
        found.append("the text, which notifications and screen readers show, is empty")
    if len(shown.text) > LONGEST_TEXT:
        found.append(f"the text has {len(shown.text)} characters")
    return found + markup_problems(shown.text)


def _view_problems(view: dict[str, Any]) -> list[str]:
    try:
        checked_view(view)
    except SlackError as error:
        return [error.error, *error.messages]
    return []


def is_visible(text: str) -> bool:
    return any(unicodedata.category(character) not in UNSEEN for character in text)


def _text_objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text"):
            yield value
        for inner in value.values():
            yield from _text_objects(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _text_objects(inner)


def _text_problems(text_object: dict[str, Any]) -> list[str]:
    text = str(text_object["text"])
    if text_object["type"] == "plain_text":
        return [] if is_visible(text) else [f"an empty text: {text!r}"]
    found = markup_problems(text)
    if text_object.get("verbatim") is not True and "https://planted.example/x" in CODE.sub("", text):
        found.append("a bare address becomes a link, since the text is not verbatim")
    return found


def markup_problems(text: str) -> list[str]:
    """What Slack would obey in this markup, and must not: https://docs.slack.dev/messaging/formatting-message-text."""
    found = [f"a raw & in {_cut(text, match)}" for match in BARE_AMPERSAND.finditer(text)]
    found += [f"markup {match[0]!r}" for match in CONTROL.finditer(text) if not _is_ours(match[1])]
    outside = CODE.sub("", CONTROL.sub("", text))
    found += [f"a mass mention in {_cut(text, match)}" for match in MASS_MENTION.finditer(text)]
    found += [
        f"formatting that somebody brought in: {match[0][:40]!r}"
        for match in FORMAT.finditer(outside)
        if match[2] in PLANTED_WORDS
    ]
    if text.count("```") % 2:
        found.append("a code block that does not end")
    return found


def _is_ours(control: str) -> bool:
    if "planted" in control.partition("|")[0].lower():
        return False
    return any(pattern.fullmatch(control) for pattern in (DATE, MENTION, OUR_LINK))


def _cut(text: str, match: re.Match[str]) -> str:
    return repr(text[max(match.start() - 20, 0) : match.end() + 20])
