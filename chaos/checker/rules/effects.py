"""External calls and commands happen at most once, with the right key and edition, and never without a reason."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from chaos.checker.facts import Execution, Facts, Step
from chaos.checker.violations import Finding

SECONDS = re.compile(r"(\d+)s")
MARGIN = 1.0  # seconds between a fault and its record


def _outside_steps(facts: Facts, type_: str) -> Iterator[tuple[Execution, Step, dict[str, Any]]]:
    for execution in facts.executions:
        for step in facts.steps_of[execution.id]:
            if step.type == type_:
                yield execution, step, dict(facts.definition_of(execution, step))


def is_safe(definition: Mapping[str, Any]) -> bool:
    """Return whether the step may be repeated: its definition says so, or it only looks."""
    return bool((definition.get("retry") or {}).get("safe")) or "poll" in definition


def timeout_of(definition: Mapping[str, Any]) -> float | None:
    """Return the seconds that each attempt may take; None if the step sets no timeout."""
    found = SECONDS.fullmatch(str(definition.get("timeout") or ""))
    return float(found[1]) if found else None


def unsafe_calls_happen_once(facts: Facts) -> Iterator[Finding]:
    """An unsafe call is repeated only after a `run_again` verdict."""
    for _, step, definition in _outside_steps(facts, "http"):
        calls, allowed = len(facts.calls_of[step.key]), 1 + facts.run_again(step)
        if not is_safe(definition) and calls > allowed:
            yield (
                step.execution_id,
                f"The unsafe step {step.key} was called {calls} times; allowed: {allowed}.",
            )


def unsafe_commands_run_once(facts: Facts) -> Iterator[Finding]:
    for _, step, definition in _outside_steps(facts, "shell"):
        begun = sum(trace.word == "begin" for trace in facts.traces_of[step.key])
        allowed = 1 + facts.run_again(step)
        if not is_safe(definition) and begun > allowed:
            yield step.execution_id, f"The unsafe command {step.key} ran {begun} times; allowed: {allowed}."


def calls_carry_their_step(facts: Facts) -> Iterator[Finding]:
    """Every call has the key, path and edition of a step."""
    known = {step.key: _path(definition) for _, step, definition in _outside_steps(facts, "http")}
    for call in facts.calls:
        path = f"{call.kind}/{call.edition}"
        if call.key not in known:
            yield call.key, f"A call of {path} had the key {call.key!r}, which belongs to no step."
        elif known[call.key] != path:
            yield (
                call.key,
                f"The step {call.key} called {path}, but its run's definition says {known[call.key]}.",
            )


def _path(definition: dict[str, Any]) -> str:
    return urlsplit(str(definition["url"]).partition("}}")[2]).path.strip("/")


def success_needs_a_call(facts: Facts) -> Iterator[Finding]:
    """A step succeeds only after a call, unless the verdict was `ran` or a retry carried it over."""
    for _, step, _definition in _outside_steps(facts, "http"):
        said = any(entry.action == "verdict.ran" for entry in facts.audit_of[step.execution_id])
        said |= step.carried_over
        if step.status == "succeeded" and not said and not facts.calls_of[step.key]:
            yield step.execution_id, f"The step {step.key} succeeded, but nothing was called."


def repeated_calls_have_a_reason(facts: Facts) -> Iterator[Finding]:
    """A call is repeated only after a refusal, its timeout, a verdict, or a fault that affected a worker.

    Polls have rules of their own.
    """
    for _, step, definition in _outside_steps(facts, "http"):
        if "poll" in definition:
            continue
        for first, second in pairwise(facts.calls_of[step.key]):
            late = second.at - first.at > (timeout_of(definition) or float("inf"))
            explained = not first.effect or late or facts.run_again(step)
            if not explained and not facts.harmed(first.at - MARGIN, second.at + MARGIN):
                yield (
                    step.execution_id,
                    f"The step {step.key} was called again after {second.at - first.at:.1f} s, for no reason.",
                )


def doubt_has_a_reason(facts: Facts) -> Iterator[Finding]:
    """A step is in doubt only after a fault, or after the run was cancelled, by a person or by its parent."""
    asked = {entry.subject for entry in facts.audit if entry.action.startswith("verdict.")}
    asked |= {step.execution_id for step in facts.steps if step.status == "unknown"}
    asked -= {entry.subject for entry in facts.audit if entry.action == "runbook_execution.cancelled"}
    asked -= {each.id for each in facts.executions if each.parent is not None and each.status == "cancelled"}
    for execution in facts.executions:
        if execution.id in asked and not facts.harmed(execution.created_at.timestamp(), float("inf")):
            yield (
                execution.id,
                f"{execution.id} asked whether a step happened, although no fault had affected it.",
            )


def commands_die_with_their_worker(facts: Facts) -> Iterator[Finding]:
    """No process of a command is alive once its step or run is over, or once the next attempt begins."""
    for execution, step, _definition in _outside_steps(facts, "shell"):
        traces, over = facts.traces_of[step.key], step.finished_at or execution.finished_at
        newest = max(
            (trace for trace in traces if trace.word == "begin"), key=lambda each: each.at, default=None
        )
        for trace in traces:
            if newest is not None and trace.at > newest.at and trace.pid != newest.pid:
                yield (
                    step.execution_id,
                    f"Two commands of {step.key} ran at the same time: {trace.pid} and {newest.pid}.",
                )
            if over is not None and trace.at > over.timestamp() + MARGIN:
                late = trace.at - over.timestamp()
                yield (
                    step.execution_id,
                    f"A command of {step.key} was still alive {late:.1f} s after the step was over.",
                )


ONCE = (unsafe_calls_happen_once, unsafe_commands_run_once)
EXPLAINED = (
    calls_carry_their_step,
    success_needs_a_call,
    repeated_calls_have_a_reason,
    doubt_has_a_reason,
    commands_die_with_their_worker,
)
