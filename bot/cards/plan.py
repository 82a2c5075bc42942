"""The plan of a dry run, as the reply to the person who requested it."""

from datetime import timedelta

from bot.cards.about import freeze_line
from bot.cards.blocks import Block, sections
from bot.cards.changes import request_text
from bot.cards.words import (
    bounded,
    code,
    code_block,
    escape,
    escape_sentence,
    one_line,
    status_words,
)
from core.definitions.durations import format_duration
from core.simulation.views import PlannedGateView, PlannedLockView, PlannedStepView, PlanView

MOST_STEPS = 40
MOST_VALUES = 12
REQUEST_LENGTH = 600
TEXT_LENGTH = 3_000


def plan_text(plan: PlanView) -> str:
    """Return the plan as plain text for screen readers: the steps in one line."""
    names = ", ".join(f"{step.name or step.id} ({_said(step)})" for step in plan.steps)
    return bounded(f"{_lead(plan)} {escape(names)}", TEXT_LENGTH)


def plan_blocks(plan: PlanView) -> list[Block]:
    """Return the lock, and each step with its request, its approvers, and how long it would wait."""
    lines = [_lead(plan), *_value_lines(plan), *([_lock_line(plan.lock)] if plan.lock else [])]
    if plan.freeze is not None:
        lines.append(f"{freeze_line(plan.freeze)}. A run would be refused now.")
    for number, step in enumerate(plan.steps[:MOST_STEPS], start=1):
        lines.append(f"{number}. {'Finally: ' if step.in_finally else ''}{_step(step)}")
    if len(plan.steps) > MOST_STEPS:
        lines.append(f"… {len(plan.steps) - MOST_STEPS} more")
    return sections(lines)


def _lead(plan: PlanView) -> str:
    title = f"*{escape(plan.runbook)}* v{plan.runbook_version} for inc-{plan.incident_number}"
    return f"📋 What a run of {title} would do. Nothing has been done."


def _value_lines(plan: PlanView) -> list[str]:
    """Return the values of the run in one line; nothing for a runbook without values."""
    shown = [f"{escape(name)} {code(value)}" for name, value in list(plan.values.items())[:MOST_VALUES]]
    more = [f"… {len(plan.values) - MOST_VALUES} more"] if len(plan.values) > MOST_VALUES else []
    return [f"Values: {' · '.join([*shown, *more])}"] if shown else []


def _said(step: PlannedStepView) -> str:
    return {"yes": step.type, "no": "skipped", "depends": f"{step.type}, conditional"}[step.runs]


def _lock_line(lock: PlannedLockView) -> str:
    if lock.held_by is None:
        return f"🔒 It takes the lock {code(lock.name)}, which is currently free."
    consequence = "be refused" if lock.on_conflict == "reject" else "wait for its turn"
    named = f"{escape(lock.held_by.runbook)} ({lock.held_by.id})" if lock.held_by.runbook else "another run"
    holder = f"{named}, which is {status_words(lock.held_by.status)}"
    return f"🔒 The lock {code(lock.name)} is held by {holder}: a run would {consequence}."


def _step(step: PlannedStepView) -> str:
    lines = [f"*{escape(one_line(step.name or step.id))}* ({escape(step.type)})"]
    if step.runs == "no":
        lines.append(f"⏭️ skipped: {code(step.condition)} is false")
    if step.runs == "depends":
        lines.append(f"only if {code(step.condition)}, which depends on earlier steps")
    if step.wait_seconds is not None:
        lines.append(f"waits {_duration(step.wait_seconds)}")
    if step.gate is not None:
        lines.append(_gate(step.gate))
    elif step.request is not None:
        how = "" if step.is_rendered else "as written, because it depends on earlier steps:\n"
        lines.append(f"{how}{code_block(request_text(step.request), REQUEST_LENGTH)}")
    if step.attempts > 1:
        lines.append(f"up to {step.attempts} attempts")
    if step.error:
        lines.append(f"❌ would fail: {escape_sentence(one_line(step.error))}")
    return "\n".join(lines)


def _gate(gate: PlannedGateView) -> str:
    people = f" ({' '.join(f'<@{person}>' for person in gate.people[:10])})" if gate.people else ""
    said = f"🔐 May decide: {escape_sentence(gate.approvers)}{people}. {gate.count} must approve"
    return f"{said}, within {_duration(gate.expires_seconds)}." if gate.expires_seconds else f"{said}."


def _duration(seconds: float) -> str:
    return format_duration(timedelta(seconds=seconds))
