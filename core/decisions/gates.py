"""Which steps an approval gate covers, and when its approval is withdrawn: it covers one attempt of what it showed."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.statuses import Status
from core.values.execution import OPEN, Execution, Json, Step

GATE = "approval"
INPUT = "input"
SHORTEST_DIGEST = 16  # characters of the digest; enough to tell two gates apart


def covering_gates(steps: Sequence[Step], position: int) -> tuple[int, ...]:
    """Return the positions of the gates whose approval covers the step at `position`.

    These are the last gate before it and the gates directly adjoining that one. A gate that was never approved (it was
    skipped, or its failure was passed) covers nothing, and the one before it counts instead.
    """
    if position < len(steps) and steps[position].policy.in_finally:  # these run whatever people decided
        return ()
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
    """Return the positions of the steps, not yet over, that an approval of the gate at `position` allows to run.

    They extend to the next gate that certainly asks; `sure` has the positions of gates without a condition, whose
    failure is not passed. Adjoining gates cover the same steps.
    """
    found: list[int] = []
    is_row = True
    for at in range(position + 1, len(steps)):
        if steps[at].policy.in_finally:
            break
        is_row = is_row and steps[at].type == GATE
        if at in sure and not is_row:
            break
        if steps[at].status in OPEN:
            found.append(at)
    return tuple(found)


def known_steps(steps: Sequence[Step], position: int, shown: Collection[str]) -> frozenset[str]:
    """Return the ids of the steps whose results were known when the gate at `position` showed the steps `shown`."""
    last = max((at for at, step in enumerate(steps) if step.id in shown), default=position)
    after = {step.id for at, step in enumerate(steps) if at > last}
    return frozenset(step.id for step in steps) - after - set(shown) - {steps[position].id}


def entered_after(steps: Sequence[Step], gate: int) -> frozenset[str]:
    """Return the ids of the steps after the gate at `gate` that have got values from a person.

    What people enter after an approval was not part of it. These values therefore count as known, so a step that uses
    one differs from what the gate showed, and approval is requested again, with the values.
    """
    entered = (step for step in steps[gate + 1 :] if step.type == INPUT)
    return frozenset(step.id for step in entered if step.status is Status.SUCCEEDED)


def digest_of(runbook: str, version: int, parameters: Mapping[str, Json], shown: Sequence[Json]) -> str:
    """Return what an approval binds: the SHA-256, in hex, of the canonical JSON (sorted keys, no spaces) of what it
    showed.

    `runbook`: its id. `shown`: as described in core.execution.preview.
    """
    whole = {"runbook": runbook, "version": version, "parameters": dict(parameters), "shown": list(shown)}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def covers_retry(gate: Step, now: datetime) -> bool:
    """Return whether this approval also covers a retry: its definition allows it, and it is recent enough."""
    age, given_at = gate.policy.covers_for, gate.finished_at
    if age is None or given_at is None or gate.status is not Status.SUCCEEDED:
        return False
    return now < given_at + age


def asked_again(gate: Step, reason: str) -> Step:
    """Return the gate as if nobody had been asked; its error says why it is asked again."""
    return replace(gate, status=Status.PENDING, started_at=None, finished_at=None, output=None, error=reason)


def reopened(execution: Execution, gates: Iterable[int], reason: str) -> Execution:
    """Return the execution with these gates reopened; steps done after them stay done."""
    for position in gates:
        execution = execution.with_step(position, asked_again(execution.steps[position], reason))
    return execution
