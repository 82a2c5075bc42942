"""The summary of a resolved incident: how long it took, who took part, what ran, and what happened."""

from collections.abc import Sequence

from bot.cards.blocks import Block, Message, context, section, sections
from bot.cards.incident import TITLE_LENGTH, timeline_lines
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.words import SYMBOLS, bounded, counted, duration, escape, one_line, status_words, who
from core.views.incidents import IncidentReport, IncidentView, RunLineView, TimelineEntryView

MOST_RUNS = 10
MOST_PEOPLE = 20
MOST_LINES = 15
# Lines that only a full report needs.
DETAILS = (
    "step.",
    "action.",
    "child.",
    "run.requested",
    "workflow.requested",
    "approval.opened",
    "input.opened",
)


def summary(report: IncidentReport, *, command: str = "/runbook") -> Message:
    """Return the summary. It stands alone: people read it long after the channel is quiet."""
    shown = report.incident
    what = bounded(escape(one_line(shown.title)), TITLE_LENGTH)
    blocks = [
        section(
            f"✅ *inc-{shown.number} is resolved: {what}*\n{_took(shown)}", block_id=f"summary.{shown.id}"
        ),
        *_people(report.people),
        *_runs(report.runs),
        *_happened(report.timeline),
        context(f"The whole report as Markdown, for a postmortem: `{command} incident export`"),
    ]
    counts = f"{counted(len(report.runs), 'run')}, {_people_count(report.people)}"
    return Message(
        bounded(f"✅ inc-{shown.number} is resolved: {what}. {_took(shown)} {counts}.", MESSAGE_TEXT), blocks
    )


def _took(shown: IncidentView) -> str:
    acknowledged = duration(shown.created_at, shown.acknowledged_at)
    first = f"Acknowledged after {acknowledged}" if acknowledged else "Never acknowledged"
    return f"{first}, resolved after {duration(shown.created_at, shown.resolved_at) or '?'}."


def _people_count(people: Sequence[str]) -> str:
    return "1 person" if len(people) == 1 else f"{len(people)} people"


def _people(people: Sequence[str]) -> list[Block]:
    if not people:
        return []
    more = f" and {len(people) - MOST_PEOPLE} more" if len(people) > MOST_PEOPLE else ""
    return [section(f"*Who took part:* {', '.join(map(who, people[:MOST_PEOPLE]))}{more}")]


def _runs(runs: Sequence[RunLineView]) -> list[Block]:
    if not runs:
        return [section("*Runs:* none")]
    more = [f"… {len(runs) - MOST_RUNS} more"] if len(runs) > MOST_RUNS else []
    return sections(["*Runs:*", *map(_run, runs[:MOST_RUNS]), *more])


def _run(run: RunLineView) -> str:
    took = duration(run.created_at, run.finished_at)
    ended = f"{status_words(run.status)}{f' after {took}' if took else ''}"
    return f"{SYMBOLS[run.status]} {escape(run.runbook)} v{run.version} {ended}, requested by {who(run.requested_by)}"


def _happened(lines: Sequence[TimelineEntryView]) -> list[Block]:
    """Return the lines without the details of runs: the first few, and the last ones."""
    told = [line for line in lines if not line.kind.startswith(DETAILS)]
    if len(told) <= MOST_LINES:
        return sections(["*What happened:*", *timeline_lines(told)])
    first, last = told[: MOST_LINES // 3], told[-(MOST_LINES - MOST_LINES // 3) :]
    left_out = f"… {len(told) - len(first) - len(last)} lines more"
    return sections(["*What happened:*", *timeline_lines(first), left_out, *timeline_lines(last)])
