"""What definitions do, in words: what each step sends, who approves, and how it may end."""

from typing import Any, Literal

from bot.pages.library.outline import diff_lines, drawn, in_words
from bot.pages.library.words import StepWords, steps_in_words
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import StepDefinition
from core.definitions.workflow import WorkflowDefinition
from core.definitions.yaml_format import Labelled, difference


def words(*steps: dict[str, Any], **more: object) -> list[StepWords]:
    document = {"kind": "runbook", "name": "said", "steps": list(steps), **more}
    return list(in_words(RunbookDefinition.model_validate(document)).steps)


def test_a_gate_says_who_approves_and_how_long_they_have() -> None:
    [named, of_team, of_incident] = words(
        {"id": "a", "type": "approval", "approvers": {"people": ["U0ANNA"]}, "expires": "15m"},
        {"id": "b", "type": "approval", "approvers": {"role": "admin", "count": 2}, "expires": None},
        {"id": "c", "type": "approval", "approvers": {}, "allow_requester": True},
        team="database",
    )
    assert named.said == "Wait for approval by <@U0ANNA>, at most 15 min."
    assert of_team.said == "Wait for 2 approvals by an admin of team database."
    assert of_incident.said.endswith("Whoever requested the run may approve it, too.")
    [of_global] = words({"id": "a", "type": "approval", "approvers": {}})
    assert "a responder of the incident's team" in of_global.said
    assert named.written is None


def test_a_step_says_what_it_sends_and_how_it_may_end() -> None:
    [call, wait] = words(
        {
            "id": "call",
            "type": "http",
            "url": "https://a.example/{{ params.x }}",
            "headers": {"Authorization": "{{ secrets.KEY }}"},
            "if": "incident.number > 1",
            "expect": "response.status == 200",
            "save": {"seconds": "response.json.seconds"},
            "poll": {"every": "5s", "for": "2m"},
            "retry": {"safe": True, "attempts": 4},
            "timeout": "30s",
            "on_failure": "continue",
        },
        {"id": "settle", "type": "wait", "for": "90s"},
    )
    assert call.details == (
        "only if `incident.number > 1`",
        "succeeds if `response.status == 200`",
        "saves `seconds` for later steps",
        "checked every 5 s, for up to 2 min, until it succeeds",
        "tried up to 4 times",
        "takes at most 30 s",
        "the run continues even if it fails",
    )
    assert call.said == "Call a URL with GET."
    assert call.written == {
        "url": "https://a.example/{{ params.x }}",
        "headers": {"Authorization": "{{ secrets.KEY }}"},
    }
    assert (wait.said, wait.written) == ("Wait 1 min 30 s.", None)


class Third(StepDefinition):
    type: Literal["acme_third"]

    def in_words(self) -> str:
        raise KeyError("x")


def test_a_type_of_others_that_cannot_say_what_it_does_is_told_by_its_name() -> None:
    [said] = steps_in_words([Third(id="a", type="acme_third")], None)
    assert said.said == "Do what the type acme_third does."


def test_what_people_are_told_is_said_once() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string"}}}
    [said] = words({"id": "a", "type": "input", "message": "Which?", "schema": schema})
    assert "tells them: Which?" in said.details
    assert isinstance(said.written, dict)
    assert "message" not in said.written


def test_steps_inside_a_step_are_told_as_well() -> None:
    inner = [{"id": "look", "type": "shell", "argv": ["true"]}]
    [each, both, other] = words(
        {"id": "each", "type": "runbook", "foreach": "[1, 2]", "concurrency": 2, "steps": inner},
        {"id": "both", "type": "parallel", "branches": {"db": [{**inner[0], "id": "b"}]}},
        {"id": "other", "type": "runbook", "runbook": "elsewhere", "parameters": {"x": 1}},
    )
    assert each.said == "For each of `[1, 2]`, 2 at a time:"
    assert [step.id for step in each.lists[0].steps] == ["look"]
    assert [(each.label, len(each.steps)) for each in both.lists] == [("db", 1)]
    assert other.runbooks == ("elsewhere",)


def test_a_runbook_names_its_secrets_and_its_parameters() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"enum": [1, 2]}, "b": {"default": None}},
    }
    document = {
        "kind": "runbook",
        "name": "said",
        "parameters": schema,
        "lock": "a",
        "on_conflict": "queue",
        "steps": [{"id": "a", "type": "shell", "argv": ["true", "{{ secrets.KEY }}"]}],
    }
    said = in_words(RunbookDefinition.model_validate(document))
    assert said.secrets == ["KEY"]
    assert [(each.kind, each.is_required, each.default) for each in said.parameters] == [
        ("one of 1, 2", True, None),
        ("anything", False, (None,)),
    ]
    assert "waits for its turn" in said.lock


def test_a_workflow_says_when_it_starts() -> None:
    document = {
        "kind": "workflow",
        "name": "said",
        "trigger": {"on": "incident.age", "minutes": 30},
        "when": "incident.number > 1",
        "once_per_incident": True,
        "timeout": "1h",
        "actions": [
            {"id": "go", "type": "runbook", "runbook": "{{ incident.labels.book }}"},
            {"id": "then", "type": "runbook", "runbook": "fixed"},
        ],
    }
    said = drawn(WorkflowDefinition.model_validate(document))
    assert said.starts == (
        "on `incident.age`, minutes 30",
        "only if `incident.number > 1`",
        "once per incident",
        "for at most 1 h",
    )
    assert [action.runbook for action in said.actions] == ["", "fixed"]


def test_a_diff_loses_the_names_of_its_sides_and_nothing_else() -> None:
    diff = difference(Labelled("v1", {"a": "-- x", "b": 1}), Labelled("v2", {"a": "++ x", "b": 1}))
    assert [(line.kind, line.text) for line in diff_lines(diff)] == [
        ("place", "@@ -1,2 +1,2 @@"),
        ("removed", "-a: -- x"),
        ("added", "+a: ++ x"),
        ("same", " b: 1"),
    ]
    assert diff_lines("") == []
