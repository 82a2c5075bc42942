"""Which steps a gate is before, and taking its approval back: it covers one attempt of what it showed."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.statuses import Status
from core.values.execution import OPEN, Execution, Json, Step

GATE = "approval"
SHORTEST_DIGEST = 16  # characters of it that tell two gates apart


def covering_gates(steps: Sequence[Step], position: int) -> tuple[int, ...]:
    """The positions of the gates whose approval the step at `position` has.

    That is the last gate before it, with those that stand in a row with it. One that nobody approved (it was skipped,
    or its failure was passed) covers nothing, so the one before it does.
    """
    found: list[int] = []
    is_covered = False
    for at in range(position - 1, -1, -1):
        if steps[at].type == GATE:
            found.append(at)
            is_covered = is_covered or steps[at].status is Status.SUCCEEDED
        elif is_covered:
            break
    return tuple(reversed(found))


def steps_behind(steps: Sequence[Step], position: int, sure: Collection[int]) -> tuple[int, ...]:
    """The positions of the steps that an approval of the gate at `position` lets run: those that are not over yet.

    They go up to the next gate that is sure to ask (`sure`: the positions of those without a condition, whose failure
    is not passed); a gate that stands in a row with this one has the same steps behind it.
    """
    found: list[int] = []
    is_row = True
    for at in range(position + 1, len(steps)):
        is_row = is_row and steps[at].type == GATE
        if at in sure and not is_row:
            break
        if steps[at].status in OPEN:
            found.append(at)
    return tuple(found)


def known_steps(steps: Sequence[Step], position: int, shown: Collection[str]) -> frozenset[str]:
    """The ids of the steps whose results were known when the gate at `position` showed the steps `shown`."""
    last = max((at for at, step in enumerate(steps) if step.id in shown), default=position)
    after = {step.id for at, step in enumerate(steps) if at > last}
    return frozenset(step.id for step in steps) - after - set(shown) - {steps[position].id}


def digest_of(runbook: str, version: int, parameters: Mapping[str, Json], shown: Sequence[Json]) -> str:
    """What an approval binds: SHA-256, in hex, over canonical JSON (sorted keys, no spaces) of what it showed.

    `runbook`: its id. `shown`: core.execution.preview says its shape.
    """
    whole = {"runbook": runbook, "version": version, "parameters": dict(parameters), "shown": list(shown)}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def covers_retry(gate: Step, now: datetime) -> bool:
    """Whether its definition lets this approval cover a retry, and it is not too old for that."""
    age, given_at = gate.policy.covers_for, gate.finished_at
    if age is None or given_at is None or gate.status is not Status.SUCCEEDED:
        return False
    return now < given_at + age


def asked_again(gate: Step, reason: str) -> Step:
    """The gate before anybody was asked; the error says why it is asked once more."""
    return replace(gate, status=Status.PENDING, started_at=None, finished_at=None, output=None, error=reason)


def reopened(execution: Execution, gates: Iterable[int], reason: str) -> Execution:
    """The execution before these gates; what was done behind them stays done."""
    for position in gates:
        execution = execution.with_step(position, asked_again(execution.steps[position], reason))
    return execution
