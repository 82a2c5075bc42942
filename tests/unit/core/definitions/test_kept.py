"""Stored definitions, read back."""

from typing import Annotated

import pytest
from pydantic import Field

from core.definitions.runbook import AnyStep, RunbookDefinition
from core.definitions.stored import StoredDefinitionInvalid, read_stored
from core.definitions.workflow import WorkflowDefinition

STEP = {"id": "a", "type": "message", "text": "hello"}
RUNBOOK = {"kind": "runbook", "name": "told", "steps": [STEP]}
INNER = {"id": "b", "type": "gone"}
WORKFLOW = {
    "kind": "workflow",
    "name": "told",
    "trigger": {"on": "incident.created"},
    "actions": [{"id": "a", "type": "branch", "if": "true", "then": [INNER]}],
}


def test_what_is_still_valid_is_read() -> None:
    assert read_stored(RunbookDefinition, "told", 3, RUNBOOK) == RunbookDefinition.model_validate(RUNBOOK)


def test_the_first_thing_that_is_wrong_is_said_with_its_place() -> None:
    with pytest.raises(StoredDefinitionInvalid) as raised:
        read_stored(WorkflowDefinition, "told", 3, WORKFLOW)
    where = "at actions.0.then.0.type: There is no action type gone."
    assert raised.value.message == f"Version 3 of told is no longer valid, {where}"
    assert raised.value.cannot_be_read == (
        f"Version 3 of told cannot be read by this version of the service, {where}"
    )
    assert "branch" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"steps": []}, "at steps: steps is empty."),
        ({"steps": None}, "at steps: steps must be a list, not empty."),
        ({"more": 1}, "at more: There is no field more here."),
        ({"timeout": "0s"}, "at timeout: The duration must be longer than zero. Give at least 1ms."),
    ],
)
def test_whatever_is_wrong_has_its_sentence(change: dict[str, object], where: str) -> None:
    with pytest.raises(StoredDefinitionInvalid, match=where):
        read_stored(RunbookDefinition, "told", 1, RUNBOOK | change)


def test_a_missing_field_of_the_whole_is_at_its_top() -> None:
    with pytest.raises(StoredDefinitionInvalid, match="at the top level: The field steps is missing"):
        read_stored(RunbookDefinition, "told", 1, {"kind": "runbook", "name": "told"})


def test_a_list_that_must_be_longer_now_is_no_consequence_of_something_else() -> None:
    """There is always a sentence, and never a crash because there is none."""

    class Stricter(RunbookDefinition):
        steps: Annotated[tuple[AnyStep, ...], Field(min_length=2)]

    with pytest.raises(StoredDefinitionInvalid, match=r"at steps: steps is empty\. Give at least 2\."):
        read_stored(Stricter, "told", 1, RUNBOOK)
