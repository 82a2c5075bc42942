"""How far a run has come: a bar of text characters, and beside it the same in words, which say it all."""

from datetime import datetime, timedelta

from bot.cards.words import counted, moment, seconds_words
from core.statuses import Status
from core.values.execution import OPEN
from core.views.executions import ExecutionView

CELLS = 10
DONE, LEFT = "▰", "▱"


def bar(done: int, total: int) -> str:
    """Return `▰▰▰▰▰▰▱▱▱▱`. It is full only when everything is done, and empty only when nothing is."""
    if done in (0, total) or total == 0:
        filled = CELLS if done and done == total else 0
    else:
        filled = min(max(round(CELLS * done / total), 1), CELLS - 1)
    return DONE * filled + LEFT * (CELLS - filled)


def progress_words(execution: ExecutionView) -> str:
    """Return `3 of 8 steps done`, with those that failed, were skipped or are in doubt."""
    statuses = [step.status for step in execution.steps]
    done = statuses.count(Status.SUCCEEDED)
    words = [f"{done} of {counted(len(statuses), 'step')} done"]
    for status, name in ((Status.SKIPPED, "skipped"), (Status.UNKNOWN, "in doubt")):
        words += [f"{statuses.count(status)} {name}"] if status in statuses else []
    failed = statuses.count(Status.FAILED) + statuses.count(Status.TIMED_OUT)
    return ", ".join([*words, *([f"{failed} failed"] if failed else [])])


def progress_line(execution: ExecutionView, usual_seconds: float | None, now: datetime) -> str:
    """Return the line with bar, words, and how long such a run usually takes."""
    over = sum(step.status not in OPEN for step in execution.steps)
    parts = [f"{bar(over, len(execution.steps))} {progress_words(execution)}"]
    usual = usual_words(execution, usual_seconds, now)
    return " · ".join([*parts, *([usual] if usual else [])])


def usual_words(execution: ExecutionView, usual_seconds: float | None, now: datetime) -> str:
    """Return `usually takes 2 min, until about 03:14`; without the time once that has passed. Empty if not known."""
    if usual_seconds is None:
        return ""
    words = f"usually takes {seconds_words(usual_seconds)}"
    if execution.started_at is None:
        return words
    end = execution.started_at + timedelta(seconds=usual_seconds)
    return f"{words}, until about {moment(end)}" if end > now else words
