"""The gate of what an agent proposes: where it stands, and what it leaves alone."""

from typing import Any

import pytest
import yaml

from core.definitions.agents import GATE_ID, check_agents_may_run, with_gate, without_gate
from core.definitions.runbook import MOST_STEPS, RunbookDefinition
from core.errors import NotAllowed, NotRunnable

ASK = "{id: ask, type: input, message: Which host it is, schema: {type: object, properties: {host: {type: string}}}}"
LOOK = '{id: look, type: http, url: "https://db.example/lag"}'
SEND = '{id: send, type: http, method: POST, url: "https://db.example/promote"}'
SAY = "{id: say, type: message, text: hello}"
WAIT = "{id: rest, type: wait, for: 1m}"
OWN = "{id: own, type: approval}"
CHILD = "{id: child, type: runbook, runbook: other}"


def gated(*steps: str, agents: str = "propose", **more: Any) -> list[str]:
    """The ids of the steps with the gate among them."""
    written = yaml.safe_load(f"steps: [{', '.join(steps)}]") | {"kind": "runbook", "name": "tried", **more}
    written["agents"] = agents
    changed, gate = with_gate(RunbookDefinition.model_validate(written), written, "database")
    assert without_gate(changed, gate) == written
    definition = RunbookDefinition.model_validate(changed)
    [found] = [step for step in definition.steps if step.id == gate]
    assert found.type == "approval"
    assert found.condition is None
    assert found.on_failure == "stop"
    return [step.id for step in definition.steps]


@pytest.mark.parametrize("first", [LOOK, SEND, SAY, CHILD])
def test_it_stands_before_the_first_step_that_does_anything(first: str) -> None:
    steps = gated(WAIT, ASK, first, SEND.replace("send", "last"))
    assert steps.index(GATE_ID) == 2


def test_the_runbooks_own_gates_stay_where_they_are() -> None:
    assert gated(OWN, SEND) == ["own", GATE_ID, "send"]
    assert gated(SEND, OWN) == [GATE_ID, "send", "own"]


def test_a_runbook_that_lets_agents_read_has_it_after_the_steps_that_only_read() -> None:
    assert gated(LOOK, WAIT, SEND, agents="read") == ["look", "rest", GATE_ID, "send"]
    assert gated(SEND, LOOK, agents="read") == [GATE_ID, "send", "look"]
    assert gated(LOOK, SAY, agents="read") == ["look", GATE_ID, "say"]


def test_a_runbook_that_only_waits_has_it_too() -> None:
    assert gated(WAIT) == ["rest", GATE_ID]


def test_it_takes_no_name_that_is_there() -> None:
    assert gated(WAIT.replace("rest", GATE_ID), SEND) == [GATE_ID, f"{GATE_ID}_2", "send"]
    at_the_end: dict[str, Any] = {"finally": [{"id": GATE_ID, "type": "wait", "for": "1m"}]}
    assert gated(SEND, **at_the_end) == [f"{GATE_ID}_2", "send"]


def test_a_runbook_without_room_for_it_is_not_for_agents() -> None:
    full = [SEND.replace("send", f"send_{number}") for number in range(MOST_STEPS)]
    with pytest.raises(NotRunnable, match="no room for the gate"):
        gated(*full)


def test_a_runbook_may_refuse_agents() -> None:
    written = {"kind": "runbook", "name": "tried", "steps": [yaml.safe_load(WAIT)], "agents": "refuse"}
    with pytest.raises(NotAllowed, match="not for agents"):
        check_agents_may_run(RunbookDefinition.model_validate(written))
