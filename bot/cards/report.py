"""An incident's report as Markdown, for a postmortem. Pure.

Nothing that people wrote formats, links or notifies, in CommonMark or on GitHub:
https://spec.commonmark.org/current/#backslash-escapes, https://github.github.com/gfm/#autolinks-extension-
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.cards.blocks import Block, context, section
from bot.cards.incident import WEB_ADDRESS
from bot.cards.limits import SECTION_TEXT
from bot.cards.words import WORD_JOINER, code_block, counted, duration, escape, status_words, visible
from core.views.incidents import IncidentReport, IncidentView, LinkView, RunLineView, TimelineEntryView

MARKED = re.compile(r"[\\`*_{}\[\]|~^$:!]")
NOTIFIES = re.compile(r"([@#])")
WORD_WWW = re.compile(r"(?i)(www)\.")
MOST_SHOWN = 3 * (SECTION_TEXT - 200)
TO_WRITE = "_Still to be written._"


def markdown(report: IncidentReport) -> str:
    """Return the report. Times are in UTC."""
    return "\n".join(_lines(report)) + "\n"


def literal(text: str) -> str:
    """Return what somebody wrote as Markdown that shows exactly that, on one line."""
    shown = visible(" ".join(text.split()))
    escaped = MARKED.sub(r"\\\g<0>", shown)
    entities = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return WORD_WWW.sub(r"\1\\.", NOTIFIES.sub(rf"\\\1{WORD_JOINER}", entities))


def _lines(report: IncidentReport) -> Iterator[str]:
    shown = report.incident
    yield f"# inc-{shown.number}: {literal(shown.title)}"
    yield ""
    yield from _facts(shown)
    yield from _section("What happened, in short", _paragraphs(shown.description) or [TO_WRITE])
    yield from _section("Causes", [TO_WRITE])
    yield from _section("What we change", [TO_WRITE])
    yield from _section("People", [f"- {_who(person)}" for person in report.people] or ["Nobody."])
    yield from _section("Runs", list(map(_run, report.runs)) or ["None."])
    yield from _section("Timeline (UTC)", list(_timeline(report.timeline)))
    if report.is_cut:
        yield f"\nOnly the first {counted(len(report.timeline), 'line')} are here; the REST API has all of them."


def _section(heading: str, lines: Sequence[str]) -> Iterator[str]:
    yield from ("", f"## {heading}", "", *lines)


def _facts(shown: IncidentView) -> Iterator[str]:
    facts = {
        "Severity": shown.severity.value,
        "Status": shown.status.value,
        "Team": literal(shown.team),
        "Service": literal(shown.service or ""),
        "Labels": ", ".join(f"{literal(name)} = {literal(value)}" for name, value in shown.labels.items()),
        "Opened": f"{_when(shown.created_at)} by {_who(shown.opened_by)}",
        "Acknowledged": _reached(shown, shown.acknowledged_at) or "never",
        "Resolved": _reached(shown, shown.resolved_at) or "not yet",
        "Closed": _reached(shown, shown.closed_at),
        "Links": ", ".join(map(_link, shown.links)),
    }
    yield from (f"- **{name}:** {value}" for name, value in facts.items() if value)


def _reached(shown: IncidentView, at: datetime | None) -> str:
    return f"{_when(at)}, after {duration(shown.created_at, at)}" if at else ""


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _who(actor: str) -> str:
    return literal(actor)


def _link(link: LinkView) -> str:
    """Return the name, with the address only if it is one of the web."""
    return f"{literal(link.name)} <{link.url}>" if WEB_ADDRESS.fullmatch(link.url) else literal(link.name)


def _paragraphs(text: str) -> list[str]:
    """Return the description's lines, each a paragraph of its own."""
    lines = [literal(line) for line in text.splitlines() if line.strip()]
    return [part for line in lines for part in (f"{WORD_JOINER}{line}", "")][:-1]


def _run(run: RunLineView) -> str:
    took = duration(run.created_at, run.finished_at)
    ended = f"{status_words(run.status)}{f' after {took}' if took else ''}"
    error = f": {literal(run.error)}" if run.error else ""
    return (
        f"- {_when(run.created_at)} **{literal(run.runbook)}** v{run.version} ({run.id}), "
        f"requested by {_who(run.requested_by)}: {ended}{error}"
    )


def _timeline(lines: Sequence[TimelineEntryView]) -> Iterator[str]:
    """Yield the lines, with a heading for each day."""
    day = ""
    for line in lines:
        if (today := f"{line.at:%Y-%m-%d}") != day:
            yield from (*([""] if day else []), f"### {today}", "")
            day = today
        actor = "" if line.actor == "system" else f"**{_who(line.actor)}** "
        yield f"- {line.at:%H:%M:%S} {actor}{literal(line.text)}"


def export_blocks(report: IncidentReport, text: str) -> list[Block]:
    """Return the Markdown as code, to be copied; where it is too long for Slack, its beginning."""
    number = report.incident.number
    parts, shown = [], 0
    for part in _parts(text):
        if shown + len(part) > MOST_SHOWN:
            break
        parts.append(part)
        shown += len(part)
    blocks = [section(code_block(part, SECTION_TEXT)) for part in parts]
    if shown >= len(text):
        return blocks
    api = f"`GET /api/incidents/{report.incident.id}/export`"
    said = (
        f"This is the beginning. To get all of it, type in a terminal `runbook incident export inc-{number}`"
    )
    return [*blocks, context(f"{said}, or ask {api}.")]


def _parts(text: str) -> Iterator[str]:
    """Yield the text in parts that fit into a section even when escaped, cut between lines."""
    part = ""
    for line in text.splitlines(keepends=True):
        if part and len(escape(part + line)) > SECTION_TEXT - 100:
            yield part
            part = ""
        part += line
    yield part
