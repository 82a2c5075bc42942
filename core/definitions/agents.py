"""The gate of what an agent proposes: an approval step that its run has, whatever the runbook says.

It is a step of the run's own copy of the definition, before the first step that does anything. So it is decided, shown,
reminded of, bound to what it showed and asked again like any other.
"""

from collections.abc import Mapping
from itertools import count

from core.definitions.runbook import MOST_STEPS, RunbookDefinition
from core.definitions.steps import StepDefinition
from core.errors import NotAllowed, NotRunnable
from core.values.execution import Json

GATE_ID = "agents_gate"
GATE_NAME = "Approve what the agent proposes"


def check_agents_may_run(definition: RunbookDefinition) -> None:
    """Raise NotAllowed if the runbook refuses agents."""
    if definition.agents == "refuse":
        raise NotAllowed(
            f"{definition.name} is not for agents: its definition says `agents: refuse`.",
            hint="A responder can run it.",
        )


def with_gate(
    definition: RunbookDefinition, written: Mapping[str, Json], team: str
) -> tuple[dict[str, Json], str]:
    """Return the written definition with the gate, which a responder of `team` decides, and the gate's id.

    Raises NotRunnable if the runbook has no room for one more step.
    """
    if len(definition.steps) >= MOST_STEPS:
        raise NotRunnable(
            f"{definition.name} has {MOST_STEPS} steps, which leaves no room for the gate that an agent's run needs.",
            hint="A responder can run it.",
        )
    taken = {step.id for _, step in definition.placed_steps()}
    names = (GATE_ID if n == 1 else f"{GATE_ID}_{n}" for n in count(1))
    gate_id = next(name for name in names if name not in taken)
    gate: Json = {
        "id": gate_id,
        "type": "approval",
        "name": GATE_NAME,
        "approvers": {"team": team, "role": "responder"},
    }
    steps = written["steps"]
    assert isinstance(steps, list), "it is valid"
    at = _position(definition)
    return {**written, "steps": [*steps[:at], gate, *steps[at:]]}, gate_id


def _position(definition: RunbookDefinition) -> int:
    """Return the position of the first step that must not run before the gate; the end if there is none."""
    steps = definition.steps
    may_read = definition.agents == "read"
    return next((at for at, step in enumerate(steps) if not _is_free(step, may_read)), len(steps))


def _is_free(step: StepDefinition, may_read: bool) -> bool:
    return step.only_waits or (may_read and step.only_reads)


def without_gate(written: Mapping[str, Json], gate_id: str | None) -> dict[str, Json]:
    """Return the definition as the library has it, of a run whose gate is `gate_id` (None: it has none)."""
    steps = written["steps"]
    assert isinstance(steps, list), "it is valid"
    kept = [step for step in steps if not isinstance(step, dict) or step.get("id") != gate_id]
    return {**written, "steps": kept}
