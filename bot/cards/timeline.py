"""The timeline of an incident, a line an entry."""

from collections.abc import Sequence

from bot.cards.words import bounded, escape_sentence, moment, one_line, who
from core.views.incidents import TimelineEntryView

LINE_LENGTH = 250


def timeline_lines(entries: Sequence[TimelineEntryView]) -> list[str]:
    """`02:12 @ann approved step gate of db-failover`; the machine's own lines name nobody."""
    return [_line(entry) for entry in entries]


def _line(entry: TimelineEntryView) -> str:
    actor = "" if entry.actor == "system" else f"{who(entry.actor)} "
    return f"{moment(entry.at)} {actor}{bounded(escape_sentence(one_line(entry.text)), LINE_LENGTH)}"
