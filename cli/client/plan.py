"""Print the plan of a dry run in the terminal."""

from collections.abc import Iterator
from datetime import timedelta

from bot.cards.changes import request_text
from bot.cards.words import as_text, status_words
from cli.client.output import facts, say
from core.definitions.durations import format_duration
from core.simulation.views import PlannedLockView, PlannedStepView, PlanView
from core.views.executions import FreezeView


def print_plan(plan: PlanView) -> None:
    """Print what a run would do, step by step."""
    say(f"Dry run of {plan.runbook} v{plan.runbook_version} for inc-{plan.incident_number}:")
    parameters = " ".join(f"{name}={as_text(value)}" for name, value in plan.parameters.items())
    lock = _lock(plan.lock) if plan.lock else ""
    frozen = _frozen(plan.freeze) if plan.freeze else ""
    values = " ".join(f"{name}={as_text(value)}" for name, value in plan.values.items())
    facts([("parameters", parameters), ("values", values), ("lock", lock), ("frozen", frozen)])
    for number, step in enumerate(plan.steps, start=1):
        say(f"{number}. {'finally: ' if step.in_finally else ''}{step.name or step.id} ({step.type})")
        say("\n".join(f"     {line}" for text in _lines(step) for line in text.splitlines()))
    say("Nothing was executed.")


def _frozen(freeze: FreezeView) -> str:
    return f"{freeze.team or 'everything'}, by {freeze.frozen_by}: {freeze.reason}; the run would be refused"


def _lock(lock: PlannedLockView) -> str:
    if lock.held_by is None:
        return f"{lock.name}, free now"
    holder = lock.held_by
    named = f"{holder.runbook} ({holder.id})" if holder.runbook else "another run"
    return f"{lock.name}, held by {named}, {status_words(holder.status)}; {lock.on_conflict}"


def _lines(step: PlannedStepView) -> Iterator[str]:
    if step.runs == "no":
        yield f"skipped: {step.condition} is false"
    if step.runs == "depends":
        yield f"only if {step.condition}, which depends on earlier steps"
    if step.wait_seconds is not None:
        yield f"waits {format_duration(timedelta(seconds=step.wait_seconds))}"
    if step.gate is not None:
        yield f"needs {step.gate.count} approval{'s' if step.gate.count > 1 else ''}; may decide: {step.gate.approvers}"
    elif step.request is not None:
        yield request_text(step.request) + (
            "" if step.is_rendered else "\n(not rendered: it depends on earlier steps)"
        )
    if step.error:
        yield f"would fail: {step.error}"
