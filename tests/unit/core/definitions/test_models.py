"""The documents as models: defaults, aliases, what is rejected, and that what is stored can be read back."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from core.actions.message import MessageAction
from core.actions.runbook import RunbookAction
from core.actions.webhook import WebhookAction
from core.definitions.kinds import restore_definition
from core.definitions.runbook import RunbookDefinition
from core.definitions.team import TeamDefinition
from core.definitions.workflow import WorkflowDefinition
from core.errors import DefinitionError
from core.steps.approval import ApprovalStep
from core.steps.http import HttpStep
from core.steps.message import MessageStep
from core.steps.shell import ShellStep
from core.steps.wait import WaitStep

RUNBOOK: dict[str, object] = {
    "kind": "runbook",
    "name": "db-failover",
    "lock": "db/{{ params.cluster }}",
    "steps": [
        {"id": "lag", "type": "http", "url": "https://x", "save": {"lag": "response.json.lag"}, "if": "true"},
        {"id": "gate", "type": "approval", "approvers": {"role": "admin", "people": ["U1ABC"]}},
        {
            "id": "run",
            "type": "shell",
            "argv": ["a", "b"],
            "timeout": "1m",
            "retry": {"safe": True, "backoff": "0s"},
        },
        {"id": "rest", "type": "wait", "for": "1h30m"},
        {"id": "say", "type": "message", "text": "done", "on_failure": "continue"},
    ],
}
WORKFLOW: dict[str, object] = {
    "kind": "workflow",
    "name": "w",
    "trigger": {"on": "incident.created"},
    "actions": [
        {"id": "a", "type": "runbook", "runbook": "db-failover", "parameters": {"x": [1]}},
        {"id": "b", "type": "webhook", "url": "https://x", "json": None},
        {"id": "c", "type": "message", "text": "hello"},
    ],
}
TEAM: dict[str, object] = {
    "kind": "team",
    "name": "database",
    "members": [{"slack": "U0DBADMIN", "role": "admin"}],
}


def test_a_runbook_has_its_defaults() -> None:
    runbook = RunbookDefinition.model_validate(RUNBOOK)
    assert (runbook.team, runbook.on_conflict, runbook.timeout) == (None, "reject", None)
    assert runbook.parameters == {"type": "object", "properties": {}}


def test_each_step_becomes_the_model_of_its_type() -> None:
    http, gate, shell, wait, message = RunbookDefinition.model_validate(RUNBOOK).steps
    assert isinstance(http, HttpStep)
    assert (http.method, http.condition, http.has_json, http.save) == (
        "GET",
        "true",
        False,
        {"lag": "response.json.lag"},
    )
    assert isinstance(gate, ApprovalStep)
    assert (gate.expires, gate.approvers.count, gate.allow_requester) == (timedelta(hours=1), 1, False)
    assert isinstance(shell, ShellStep)
    assert shell.retry
    assert (shell.argv, shell.timeout, shell.retry.attempts) == (("a", "b"), timedelta(minutes=1), 3)
    assert isinstance(wait, WaitStep)
    assert wait.duration == timedelta(minutes=90)
    assert isinstance(message, MessageStep)
    assert (message.on_failure, message.retry, http.on_failure) == ("continue", None, "stop")


def test_each_action_becomes_the_model_of_its_type() -> None:
    workflow = WorkflowDefinition.model_validate(WORKFLOW)
    runbook, webhook, message = workflow.actions
    assert isinstance(runbook, RunbookAction)
    assert runbook.parameters == {"x": [1]}
    assert isinstance(webhook, WebhookAction)
    assert (webhook.method, webhook.has_json, webhook.json_body) == ("POST", True, None)
    assert isinstance(message, MessageAction)
    assert (workflow.enabled, workflow.once_per_incident, workflow.trigger.on) == (
        True,
        False,
        "incident.created",
    )


@pytest.mark.parametrize("data", [RUNBOOK, WORKFLOW, TEAM])
def test_what_is_stored_is_read_back_the_same(data: dict[str, object]) -> None:
    definition = restore_definition(data)
    assert definition.model_dump(mode="json", exclude_unset=True) == data
    assert restore_definition(definition.model_dump(mode="json", exclude_unset=True)) == definition


def test_only_known_kinds_are_restored() -> None:
    with pytest.raises(DefinitionError, match="no document kind 'x'"):
        restore_definition({"kind": "x"})


def test_a_definition_never_changes() -> None:
    runbook = RunbookDefinition.model_validate(RUNBOOK)
    with pytest.raises(ValidationError, match="frozen"):
        runbook.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["", "A", "-a", "a_b", "a" * 65, "a b", "é", "a\n"])
def test_a_name_is_lowercase_letters_digits_and_hyphens(name: str) -> None:
    with pytest.raises(ValidationError):
        TeamDefinition.model_validate({**TEAM, "name": name})


@pytest.mark.parametrize("name", ["a", "0a", "db-failover-2", "a" * 64])
def test_a_good_name_is_taken(name: str) -> None:
    assert TeamDefinition.model_validate({**TEAM, "name": name}).name == name


@pytest.mark.parametrize("step_id", ["", "A", "1a", "a-b", "a" * 65, "in", "true", "for", "null", "a\n"])
def test_a_step_id_is_a_name_of_cel(step_id: str) -> None:
    with pytest.raises(ValidationError):
        RunbookDefinition.model_validate({**RUNBOOK, "steps": [{"id": step_id, "type": "wait", "for": "1s"}]})


def test_the_number_of_steps_is_bounded() -> None:
    steps = [{"id": f"s{index}", "type": "wait", "for": "1s"} for index in range(201)]
    assert len(RunbookDefinition.model_validate({**RUNBOOK, "steps": steps[:200]}).steps) == 200
    for wrong in (steps, []):
        with pytest.raises(ValidationError):
            RunbookDefinition.model_validate({**RUNBOOK, "steps": wrong})


def test_the_json_schema_of_a_document_names_every_step_type() -> None:
    schema = RunbookDefinition.model_json_schema()
    assert {"HttpStep", "ShellStep", "ApprovalStep", "WaitStep", "MessageStep"} <= schema["$defs"].keys()
    assert "if" in schema["$defs"]["HttpStep"]["properties"]
