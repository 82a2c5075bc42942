"""The incident's card (what is wrong, and what to type next), and the lines of its timeline."""

import re
from collections.abc import Sequence

from bot.cards.about import freeze_blocks, freeze_words
from bot.cards.blocks import Block, Message, context, section
from bot.cards.limits import MESSAGE_TEXT, SECTION_TEXT
from bot.cards.words import bounded, code, escape, escape_sentence, moment, one_line, who
from core.statuses import IncidentKind, IncidentStatus, Severity
from core.views.executions import FreezeView
from core.views.incidents import IncidentView, TimelineEntryView

TITLE_LENGTH = 300
MOST_LABELS = 12
MOST_LINKS = 6
WEB_ADDRESS = re.compile(r"https?://[^\s|<>]{1,400}")
SYMBOLS = {
    Severity.INFO: "ℹ️",
    Severity.LOW: "🟢",
    Severity.MEDIUM: "🟡",
    Severity.HIGH: "🟠",
    Severity.CRITICAL: "🔴",
}
NEXT = {
    IncidentStatus.OPEN: ("incident ack", "list", "run NAME"),
    IncidentStatus.ACKNOWLEDGED: ("list", "run NAME", "incident resolve"),
    IncidentStatus.RESOLVED: ("incident show",),
    IncidentStatus.CLOSED: (),
}


def incident(shown: IncidentView, freeze: FreezeView | None = None, *, command: str = "/runbook") -> Message:
    """Return the card. `freeze` holds the incident's runs; `command` is the workspace's name of the slash command."""
    blocks = [section(_first_lines(shown), block_id=f"incident.{shown.id}")]
    if shown.description.strip():
        blocks.append(section(bounded(escape(shown.description.strip()), SECTION_TEXT)))
    blocks += [
        *_label_blocks(shown),
        *_link_blocks(shown),
        *freeze_blocks(freeze),
        *_next_blocks(shown, command),
    ]
    text = f"{_text(shown)}{' ' if freeze else ''}{freeze_words(freeze)}"
    return Message(bounded(text, MESSAGE_TEXT), blocks)


def _title(shown: IncidentView) -> str:
    return bounded(escape(one_line(shown.title)), TITLE_LENGTH)


def _first_lines(shown: IncidentView) -> str:
    return (
        f"{_symbol(shown)} *{_what(shown)}: {_title(shown)}* (inc-{shown.number})\n"
        f"*{shown.status.value}* · {_where(shown)} · opened by {who(shown.opened_by)} "
        f"at {moment(shown.created_at)}"
    )


def _symbol(shown: IncidentView) -> str:
    return "⚙️" if shown.kind is IncidentKind.MAINTENANCE else SYMBOLS[shown.severity]


def _what(shown: IncidentView) -> str:
    """Return the severity; for work that a schedule planned, that it is no emergency."""
    if shown.kind is not IncidentKind.MAINTENANCE:
        return shown.severity.value
    usual = shown.severity is Severity.INFO
    return "planned maintenance" if usual else f"planned maintenance, {shown.severity.value}"


def _where(shown: IncidentView) -> str:
    team = f"team {escape(shown.team)}"
    return f"{bounded(escape(one_line(shown.service)), TITLE_LENGTH)} · {team}" if shown.service else team


def _text(shown: IncidentView) -> str:
    return (
        f"{_symbol(shown)} {_what(shown)}: {_title(shown)} (inc-{shown.number}), "
        f"{_where(shown)}, {shown.status.value}, opened by {who(shown.opened_by)}"
    )


def _label_blocks(shown: IncidentView) -> list[Block]:
    labels = [f"{code(name)} {code(value)}" for name, value in list(shown.labels.items())[:MOST_LABELS]]
    return [context(" · ".join(labels))] if labels else []


def _link_blocks(shown: IncidentView) -> list[Block]:
    """Return the newest links, such as tickets. Only web addresses become links."""
    links = [link for link in shown.links if WEB_ADDRESS.fullmatch(link.url)][-MOST_LINKS:]
    shown_links = [f"<{escape(link.url)}|{escape(one_line(link.name).replace('|', '¦'))}>" for link in links]
    return [context("🔗 " + " · ".join(shown_links))] if shown_links else []


def _next_blocks(shown: IncidentView, command: str) -> list[Block]:
    typed = [code(f"{command} {words}") for words in NEXT[shown.status]]
    return [context("Next: " + " · ".join(typed))] if typed else []


LINE_LENGTH = 250


def timeline_lines(entries: Sequence[TimelineEntryView]) -> list[str]:
    """Return one line for each entry: `02:12 @ann approved step gate of db-failover`. System entries name nobody."""
    return [_line(entry) for entry in entries]


def _line(entry: TimelineEntryView) -> str:
    actor = "" if entry.actor == "system" else f"{who(entry.actor)} "
    return f"{moment(entry.at)} {actor}{bounded(escape_sentence(one_line(entry.text)), LINE_LENGTH)}"
