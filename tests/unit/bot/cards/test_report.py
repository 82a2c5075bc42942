"""The summary of a resolved incident, and its report as Markdown."""

import re
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.cards.report import export_blocks, literal, markdown
from bot.cards.summary import summary
from core.statuses import IncidentStatus, Status
from core.views.incidents import IncidentReport, RunLineView, TimelineEntryView
from slack_sandbox.block_kit.blocks import block_problems
from tests.unit.bot.cards.building import NOW, assert_slack_takes, incident, shown

NASTY = (
    "<!channel> *b* _i_ `c` [x](https://evil.example) @octocat #1 www.evil.example <b>hi</b> ![p](q) :tada:"
)


def line(
    text: str, kind: str = "incident.note", minutes: float = 1, actor: str = "U0DBOPS"
) -> TimelineEntryView:
    at = NOW + timedelta(minutes=minutes)
    return TimelineEntryView(
        id=f"tml_{minutes}", at=at, kind=kind, actor=actor, subject_id="inc_1", text=text, details={}
    )


def run(**changes: Any) -> RunLineView:
    values: dict[str, Any] = {
        "id": "rbx_1",
        "runbook": "db-failover",
        "version": 3,
        "status": Status.SUCCEEDED,
        "requested_by": "U0DBOPS",
        "error": None,
        "created_at": NOW + timedelta(minutes=4),
        "finished_at": NOW + timedelta(minutes=6, seconds=5),
    }
    return RunLineView(**values | changes)


def report(**changes: Any) -> IncidentReport:
    resolved = incident(
        status=IncidentStatus.RESOLVED,
        acknowledged_at=NOW + timedelta(minutes=3),
        resolved_at=NOW + timedelta(minutes=31),
    )
    values: dict[str, Any] = {
        "incident": resolved,
        "timeline": [line("opened the incident", "incident.created", 0), line("noted: it is back")],
        "runs": [run()],
        "people": ["U0DBOPS", "U0DBADMIN"],
    }
    return IncidentReport(**values | changes)


def test_the_summary_says_how_long_who_and_what() -> None:
    message = summary(report())
    assert message.text == (
        "✅ inc-12 is resolved: Orders DB down. Acknowledged after 3 min, resolved after 31 min. 1 run, 2 people."
    )
    words = shown(message)
    assert "*Who took part:* <@U0DBOPS>, <@U0DBADMIN>" in words
    assert "✅ db-failover v3 succeeded after 2 min 5 s, requested by <@U0DBOPS>" in words
    assert "noted: it is back" in words
    assert "`/runbook incident export`" in words
    assert_slack_takes(message)


def test_an_incident_that_nobody_acknowledged_says_so() -> None:
    resolved = incident(status=IncidentStatus.RESOLVED, resolved_at=NOW + timedelta(seconds=30))
    assert "Never acknowledged, resolved after 30 s." in summary(report(incident=resolved)).text


def test_a_thousand_notes_leave_the_summary_short() -> None:
    lines = [line(f"noted: {number} {NASTY}", minutes=number) for number in range(1_000)]
    message = summary(report(timeline=lines, runs=[run()] * 200, people=[f"U{n}" for n in range(300)]))
    assert "… 985 lines more" in shown(message)
    assert "… 190 more" in shown(message)
    assert len(message.blocks) < 20
    assert_slack_takes(message)


def test_steps_of_runs_are_left_to_the_report() -> None:
    lines = [line("db-failover: step lag (http) started", "step.started"), line("noted: hm", minutes=2)]
    assert "step lag" not in shown(summary(report(timeline=lines)))
    assert "step lag" in markdown(report(timeline=lines))


def test_the_report_as_markdown() -> None:
    assert markdown(report()) == (
        """# inc-12: Orders DB down

- **Severity:** critical
- **Status:** resolved
- **Team:** database
- **Service:** orders-db
- **Opened:** 2026-03-01 03:12:00 UTC by U0DBOPS
- **Acknowledged:** 2026-03-01 03:15:00 UTC, after 3 min
- **Resolved:** 2026-03-01 03:43:00 UTC, after 31 min

## What happened, in short

_Still to be written._

## Causes

_Still to be written._

## What we change

_Still to be written._

## People

- U0DBOPS
- U0DBADMIN

## Runs

- 2026-03-01 03:16:00 UTC **db-failover** v3 (rbx_1), requested by U0DBOPS: succeeded after 2 min 5 s

## Timeline (UTC)

### 2026-03-01

- 03:12:00 **U0DBOPS** opened the incident
- 03:13:00 **U0DBOPS** noted\\: it is back
"""
    )


def test_what_people_wrote_neither_formats_nor_links_nor_notifies_in_markdown() -> None:
    said = literal(NASTY)
    assert "<" not in said
    assert not re.search(r"(?<!\\)[*_`\[\]!:]", said)
    assert not re.search(r"[@#]\w", said)
    assert "www." not in said


@given(st.text(max_size=200))
def test_no_text_starts_a_line_or_leaves_markup_active(text: str) -> None:
    said = literal(text)
    assert "\n" not in said
    assert "\r" not in said
    assert "<" not in said
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_`\[\]|~]", said)


@given(st.text(max_size=3_000), st.lists(st.text(max_size=300), max_size=20))
def test_slack_takes_whatever_is_exported(title: str, notes: list[str]) -> None:
    nasty = report(
        incident=incident(title=title, description=title, labels={"a": title[:100]}),
        timeline=[line(f"noted: {note}", minutes=number) for number, note in enumerate(notes)],
    )
    assert block_problems(export_blocks(nasty, markdown(nasty))) == []


def test_a_report_that_is_too_long_for_slack_says_where_all_of_it_is() -> None:
    long = report(timeline=[line(f"noted: {NASTY}", minutes=number) for number in range(1_000)])
    blocks = export_blocks(long, markdown(long))
    assert len(blocks) <= 4
    assert "runbook incident export inc-12" in str(blocks[-1])
    assert block_problems(blocks) == []


def test_a_long_timeline_is_headed_by_its_days() -> None:
    days = report(timeline=[line("noted: a"), line("noted: b", minutes=60 * 24)])
    assert markdown(days).count("### 2026-03-0") == 2
