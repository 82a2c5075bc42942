"""Text as Slack shows it: escaped, bounded, in code spans; and the service's own words and symbols.

Slack's markup knows three characters to escape, `&`, `<` and `>`:
https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

import json
import re
import unicodedata
from datetime import datetime, timedelta

from core.statuses import GateStatus, Status, WaitingFor

MENTION = re.compile(r"&lt;(@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+)&gt;")
# Slack may make mentions of these where they stand as plain text, too, unless a text is `verbatim`:
# https://docs.slack.dev/reference/block-kit/composition-objects/text-object
MASS_MENTION = re.compile(r"(?<![\w.])@(?=(?:channel|here|everyone)\b(?!\.\w))", re.IGNORECASE)
WORD_JOINER = "\u2060"
CUT_MARKUP = re.compile(r"(?:&[a-z]{0,3}|<[^<>]*)\Z")
ELLIPSIS = "…"
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
WORKFLOW = "workflow:"

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

WAITS = {
    WaitingFor.APPROVAL: "approval",
    WaitingFor.TIMER: "its time",
    WaitingFor.CALLBACK: "a callback",
    WaitingFor.VERDICT: "a verdict",
    WaitingFor.LOCK: "another run that holds its lock",
    WaitingFor.FREEZE: "the end of a freeze",
}


def escape(text: str) -> str:
    """What somebody wrote, so that Slack shows it and obeys none of it."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MASS_MENTION.sub(f"@{WORD_JOINER}", escaped)


def escape_sentence(text: str) -> str:
    """A sentence of the service's own, which may name people as `<@U…>` and channels as `<#C…>`."""
    return MENTION.sub(r"<\1>", escape(text))


def one_line(text: str) -> str:
    """In one line, and without a fence, which would make code of what comes behind."""
    return " ".join(text.split()).replace("```", "ˋˋˋ")


def bounded(markup: str, limit: int) -> str:
    """The markup, cut to `limit` characters, never within an escape or a mention."""
    if len(markup) <= limit:
        return markup
    return CUT_MARKUP.sub("", markup[: limit - len(ELLIPSIS)]) + ELLIPSIS


def visible(text: str) -> str:
    """With `\\u202e` in place of what cannot be seen, or turns what stands behind it: nobody hides in what is approved.

    Lines and tabs stay as they are. Which characters those are is said by their Unicode category (UAX #44, table 12).
    """
    return "".join(map(_visible, text)) if not text.isascii() or not text.isprintable() else text


def _visible(character: str) -> str:
    if character in "\n\t " or unicodedata.category(character) not in UNSEEN:
        return character
    return f"\\x{ord(character):02x}" if character.isascii() else ascii(character)[1:-1]


def code(value: object, limit: int = 120) -> str:
    """A value in a code span of one line. A string stands as it is, anything else as JSON."""
    shown = one_line(as_text(value)).replace("`", "ˋ")
    return f"`{bounded(escape(shown), limit)}`" if shown else "_empty_"


def code_block(text: str, limit: int) -> str:
    """Text in a code block of at most `limit` characters, fences and all; what is left out is in the middle."""
    escaped = escape(text.replace("```", "ˋˋˋ").strip("\n"))
    room = limit - len("```\n\n```")
    return f"```\n{_without_middle(escaped, room)}\n```"


def _without_middle(escaped: str, room: int) -> str:
    """Both ends tell more than the middle: the command's beginning, and the error at its end."""
    if len(escaped) <= room:
        return escaped
    mark = "\n…\n"
    head = (room - len(mark)) // 2
    tail = escaped[-(room - len(mark) - head) :]
    return CUT_MARKUP.sub("", escaped[:head]) + mark + re.sub(r"\A[a-z]{0,3};", "", tail)


def as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def moment(at: datetime, form: str = "{time}") -> str:
    """A time in the reader's own zone; https://docs.slack.dev/messaging/formatting-message-text#date-formatting."""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%H:%M} UTC>"


def deadline(opened_at: datetime, expires_at: datetime) -> str:
    """When something expires: the time, and the day with it where that is not soon."""
    is_soon = expires_at - opened_at < timedelta(hours=12)
    return moment(expires_at) if is_soon else moment(expires_at, "{date_short_pretty} {time}")


def duration(start: datetime | None, end: datetime | None) -> str:
    """`0.8 s`, `31 s`, `2 min 5 s`, `1 h 4 min`; empty where it did not begin or has not ended."""
    if start is None or end is None:
        return ""
    return seconds_words(max((end - start).total_seconds(), 0.0))


def seconds_words(seconds: float) -> str:
    """As `duration` says it."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def status_words(status: Status, waiting_for: WaitingFor | None = None) -> str:
    """`running`, `timed out`, `waiting for approval`."""
    if status is Status.WAITING and waiting_for is not None:
        return f"waiting for {WAITS[waiting_for]}"
    return status.value.replace("_", " ")


def who(actor: str) -> str:
    """A mention of a person; `workflow NAME` for what a workflow does."""
    if actor.startswith(WORKFLOW):
        return f"workflow {escape(actor.removeprefix(WORKFLOW))}"
    return f"<@{actor}>" if re.fullmatch(r"[UW][A-Z0-9]+", actor) else escape(actor)
