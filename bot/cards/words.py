"""Text for Slack: escaping, truncating, code spans, times and durations, and the words and symbols for each status.

Slack's markup has three characters to escape, `&`, `<` and `>`:
https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

import json
import re
import unicodedata
from datetime import datetime, timedelta

from core.statuses import GateStatus, InputStatus, Status, WaitingFor

MENTION = re.compile(r"&lt;(@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+)&gt;")
# Slack may turn these into mentions even in plain text, unless a text is `verbatim`:
# https://docs.slack.dev/reference/block-kit/composition-objects/text-object
MASS_MENTION = re.compile(r"(?<![\w.])@(?=(?:channel|here|everyone)\b(?!\.\w))", re.IGNORECASE)
AT_AN_EDGE = re.compile(r"(?<![^\W_])[*_~`]|[*_~`](?![^\W_])")
LOOKALIKES = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}
QUOTE = re.compile(r"^([ \t]*)>", re.MULTILINE)
CODE_SPAN = re.compile(r"(`[^`\n]+`)")
WORD_JOINER = "\u2060"
CUT_MARKUP = re.compile(r"(?:&[a-z]{0,3}|<[^<>]*)\Z")
ELLIPSIS = "…"
FENCE = "```"
NOTHING = "–"
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
WORKFLOW = "workflow:"
AGENT = "agent:"

SYMBOLS = {
    Status.PENDING: "▫️",
    Status.RUNNING: "▶️",
    Status.WAITING: "⏸️",
    Status.SUCCEEDED: "✅",
    Status.FAILED: "❌",
    Status.CANCELLED: "🚫",
    Status.TIMED_OUT: "⌛",
    Status.SKIPPED: "⏭️",
    Status.UNKNOWN: "❓",
}

GATE_SYMBOLS = {
    GateStatus.OPEN: "🔐",
    GateStatus.APPROVED: "✅",
    GateStatus.REJECTED: "⛔",
    GateStatus.EXPIRED: "⌛",
    GateStatus.CANCELLED: "🚫",
    GateStatus.VOID: "🔁",
}

INPUT_SYMBOLS = {
    InputStatus.OPEN: "📝",
    InputStatus.ANSWERED: "✅",
    InputStatus.EXPIRED: "⌛",
    InputStatus.CANCELLED: "🚫",
}

WAITS = {
    WaitingFor.APPROVAL: "approval",
    WaitingFor.INPUT: "values",
    WaitingFor.TIMER: "a timer",
    WaitingFor.CALLBACK: "a callback",
    WaitingFor.VERDICT: "a verdict",
    WaitingFor.LOCK: "another run that holds its lock",
    WaitingFor.FREEZE: "the end of a freeze",
    WaitingFor.CHILDREN: "its child runs",
}


def escape(text: str) -> str:
    """Escape what somebody wrote, so that Slack shows it literally: no markup, no mention, no formatting.

    Lookalikes stand for `*`, `_`, `~` and backticks at the edge of a word, where Slack would format, and for `>` at the
    beginning of a line: https://docs.slack.dev/messaging/formatting-message-text#basic-formatting
    """
    return escape_code(AT_AN_EDGE.sub(_lookalike, QUOTE.sub(r"\1›", text)))


def _lookalike(match: re.Match[str]) -> str:
    return LOOKALIKES[match[0]]


def escape_code(text: str) -> str:
    """Escape what stands in a code span or a code block, where nothing is formatted."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MASS_MENTION.sub(f"@{WORD_JOINER}", escaped)


def escape_sentence(text: str) -> str:
    """Escape one of our own sentences, which may quote others.

    `<@U…>` mentions a person, `<#C…>` a channel, and backticks make code; nothing else is formatted.
    """
    parts = CODE_SPAN.split(text.replace("```", "ˋˋˋ"))
    return escape_message("".join(_unformatted(part) for part in parts))


def _unformatted(part: str) -> str:
    return part if CODE_SPAN.fullmatch(part) else AT_AN_EDGE.sub(_lookalike, QUOTE.sub(r"\1›", part))


def escape_message(text: str) -> str:
    """Escape what the author of an approved definition wrote for a channel: mentions and formatting work in it."""
    return MENTION.sub(r"<\1>", escape_code(text))


def link(address: str, text: str) -> str:
    """Return a link: https://docs.slack.dev/messaging/formatting-message-text#linking-urls."""
    return f"<{escape_code(address.replace('|', '%7C'))}|{escape(one_line(text)).replace('|', '¦')}>"


def one_line(text: str) -> str:
    """Return the text on one line and without fences, which would turn what follows into code."""
    return " ".join(text.split()).replace("```", "ˋˋˋ")


def bounded(markup: str, limit: int) -> str:
    """Truncate the markup to `limit` characters, never within an escape or a mention, and end a code block."""
    if len(markup) <= limit:
        return markup
    cut = _cut(markup, limit - len(ELLIPSIS))
    if cut.count(FENCE) % 2 == 0:
        return cut + ELLIPSIS
    shorter = _cut(markup, max(0, limit - len(ELLIPSIS) - len(FENCE) - 1)).rstrip("`")
    return shorter + ELLIPSIS + (f"\n{FENCE}" if shorter.count(FENCE) % 2 else "")


def _cut(markup: str, length: int) -> str:
    """Return the beginning, without an escape or a mention that is not whole, nor one that the cut would make."""
    cut = CUT_MARKUP.sub("", markup[:length])
    return cut[:-1] if MASS_MENTION.search(cut) else cut


def visible(text: str) -> str:
    """Show invisible characters, and those that reorder text, as `\\u202e`: nothing may hide in what is approved.

    Line breaks and tabs stay. The Unicode category decides which characters are replaced (UAX #44, table 12).
    """
    return "".join(map(_visible, text)) if not text.isascii() or not text.isprintable() else text


def is_visible(text: str) -> bool:
    """True if there is something to see: Slack refuses an empty text, and people cannot read one of spaces."""
    return any(unicodedata.category(character) not in UNSEEN and character != " " for character in text)


def _visible(character: str) -> str:
    if character in "\n\t " or unicodedata.category(character) not in UNSEEN:
        return character
    return f"\\x{ord(character):02x}" if character.isascii() else ascii(character)[1:-1]


def code(value: object, limit: int = 120) -> str:
    """Return a value as a code span of one line: a string as it is, anything else as JSON."""
    shown = one_line(as_text(value)).replace("`", "ˋ")
    return f"`{bounded(escape_code(shown), limit)}`" if shown else "_empty_"


def code_block(text: str, limit: int) -> str:
    """Return a code block of at most `limit` characters, fences included; a long text loses its middle."""
    escaped = escape_code(text.replace("```", "ˋˋˋ").strip("\n"))
    room = limit - len("```\n\n```")
    return f"```\n{_without_middle(escaped, room)}\n```"


def _without_middle(escaped: str, room: int) -> str:
    """Drop the middle: a command's beginning, and the error at its end, say more."""
    if len(escaped) <= room:
        return escaped
    mark = "\n…\n"
    head = (room - len(mark)) // 2
    tail = re.sub(r"\A[a-z]{0,3};", "", escaped[-(room - len(mark) - head) :])
    return _cut(escaped, head) + mark + (tail[1:] if MASS_MENTION.match(tail) else tail)


def as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def moment(at: datetime, form: str = "{time}") -> str:
    """Format a time in the reader's zone: https://docs.slack.dev/messaging/formatting-message-text#date-formatting."""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%H:%M} UTC>"


def deadline(opened_at: datetime, expires_at: datetime) -> str:
    """Format when something expires: the time, with the day unless it expires within 12 hours."""
    is_soon = expires_at - opened_at < timedelta(hours=12)
    return moment(expires_at) if is_soon else moment(expires_at, "{date_short_pretty} {time}")


def duration(start: datetime | None, end: datetime | None) -> str:
    """Return `0.8 s`, `31 s`, `2 min 5 s` or `1 h 4 min`; empty if it has not started or not ended."""
    if start is None or end is None:
        return ""
    return seconds_words(max((end - start).total_seconds(), 0.0))


def seconds_words(seconds: float) -> str:
    """Format a number of seconds as `duration` does."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def counted(number: int, noun: str) -> str:
    """Return `1 run` or `2 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def status_words(status: Status, waiting_for: WaitingFor | None = None) -> str:
    """Return `running`, `timed out` or `waiting for approval`."""
    if status is Status.WAITING and waiting_for is not None:
        return f"waiting for {WAITS[waiting_for]}"
    return status.value.replace("_", " ")


def who(actor: str) -> str:
    """Return a mention of a person, `workflow NAME` for a workflow, or `agent NAME` for an agent."""
    if actor.startswith(AGENT):
        return f"agent {escape(actor.removeprefix(AGENT))}"
    if actor.startswith(WORKFLOW):
        return f"workflow {escape(actor.removeprefix(WORKFLOW))}"
    return f"<@{actor}>" if re.fullmatch(r"[UW][A-Z0-9]+", actor) else escape(actor)
