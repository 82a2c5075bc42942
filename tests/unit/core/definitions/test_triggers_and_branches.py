"""Triggers with the members of their events, and nested actions: mistakes are reported at their position."""

import pytest
from pydantic import TypeAdapter

from core.definitions.actions import Branch
from core.definitions.checks.secrets import Known
from core.definitions.kinds import restore_definition
from core.definitions.validate import validate_text
from core.definitions.workflow import MOST_ACTIONS, WorkflowDefinition

WORKFLOW = """\
kind: workflow
name: w
trigger: {on: incident.status_changed, to: resolved}
when: event.to == "resolved"
actions:
  - id: how
    type: branch
    if: event.from == "open"
    then:
      - id: deep
        type: branch
        if: incident.severity == "high"
        then:
          - {id: one, type: message, text: "{{ event.by }}"}
    else:
      - {id: two, type: message, text: "{{ actions.one.status }}"}
      - {id: run, type: runbook, runbook: fix, parameters: {a: 1}}
  - id: end
    type: webhook
    url: https://x
    auth: {type: bearer, token: "{{ secrets.T }}"}
    if: actions.how.output.branch == "then" && actions.one.status == "succeeded"
"""
RUNBOOK = """\
---
kind: runbook
name: fix
parameters: {type: object, properties: {a: {type: integer}}}
steps: [{id: s, type: wait, for: 1s}]
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in validate_text(text, "f.yaml")[1]]


def definition(text: str = WORKFLOW) -> WorkflowDefinition:
    [found], wrong = validate_text(text, "f.yaml")
    assert wrong == []
    assert isinstance(found, WorkflowDefinition)
    return found


# A name that is gone is missed where it is used.
CONSEQUENCES = {
    "id: two, type: message, txt": 2,
    "id: end": 3,
    "id: how": 3,
    "{type: bearer, tokn: ": 2,
    "    than:\n      - id: deep": 4,
}


def test_all_of_it_is_valid() -> None:
    assert problems(WORKFLOW + RUNBOOK) == []


def test_actions_are_placed_in_order_each_in_its_arm() -> None:
    placed = {each.action.id: (each.path, each.branch) for each in definition().placed}

    assert list(placed) == ["how", "deep", "one", "two", "run", "end"]
    assert placed["how"] == (("actions", 0), None)
    assert placed["one"] == (("actions", 0, "then", 0, "then", 0), Branch("deep", "then"))
    assert placed["run"] == (("actions", 0, "else", 1), Branch("how", "else"))


def test_nested_actions_are_stored_and_read_back() -> None:
    stored = definition().model_dump(mode="json", exclude_unset=True)
    assert restore_definition(stored) == definition()


def test_the_json_schema_of_nested_actions_refers_to_itself() -> None:
    schema = TypeAdapter(WorkflowDefinition).json_schema(by_alias=True)
    assert "BranchAction" in schema["$defs"]


@pytest.mark.parametrize(
    ("good", "wrong", "expected"),
    [
        ("to: resolved}", "to: resolvd}", "3:44: to must be acknowledged, resolved or closed"),
        ("to: resolved}", "too: resolved}", "3:40: There is no field too here."),
        ('event.to == "resolved"', 'event.to == "resolvd"', '4:19: event.to is never "resolvd"'),
        ("event.to ==", "event.too ==", "4:7: event has no too. Did you mean to?"),
        ('if: event.from == "open"', 'if: event.frm == "open"', "8:9: event has no frm."),
        ("event.by", "event.who", "14:48: event has no who. Members for this trigger: by, from, id, to."),
        ("id: one, type: message", "id: one, type: mesage", "14:29: There is no action type mesage."),
        ("id: two, type: message, text", "id: two, type: message, txt", "16:9: The field text is missing"),
        ("id: one", "id: end", "18:9: The id end appears twice in actions."),
        ("id: one", "id: how", "14:18: The id how appears twice in actions."),
        ("actions.one.status }}", "actions.end.status }}", "16:44: actions has no end. It comes later"),
        ("{type: bearer, token: ", "{type: bear, token: ", "21:18: There is no kind of auth bear."),
        ("{type: bearer, token: ", "{type: bearer, tokn: ", "21:11: The field token is missing"),
        ("secrets.T }}", "secret.T }}", "21:37: secret is not known here."),
        ("runbook: fix", "runbook: fx", "17:43: There is no runbook fx. Did you mean fix?"),
        ("{a: 1}}", "{b: 1}}", "17:61: fix: "),
        ("    then:\n      - id: deep", "    than:\n      - id: deep", "6:5: The field then is missing"),
    ],
)
def test_a_mistake_is_told_at_its_place(good: str, wrong: str, expected: str) -> None:
    text = WORKFLOW.replace(good, wrong, 1) + RUNBOOK
    found = [str(problem) for problem in validate_text(text, "f.yaml", known=Known([]))[1]]
    assert WORKFLOW.count(good) >= 1
    assert any(problem.startswith(f"f.yaml:{expected}") for problem in found), found
    assert len(found) == CONSEQUENCES.get(wrong, 1), found


@pytest.mark.parametrize(
    ("trigger", "members"),
    [
        ("incident.created", ()),
        ("incident.status_changed", ("from", "to", "by")),
        ("incident.escalated", ("from", "to", "severity", "by")),
        ("incident.age, minutes: 5", ("minutes",)),
        ("manual", ("by",)),
    ],
)
def test_validation_knows_what_each_trigger_tells(trigger: str, members: tuple[str, ...]) -> None:
    for member in ("from", "to", "by", "severity", "minutes"):
        text = f"""\
kind: workflow
name: w
trigger: {{on: {trigger}}}
actions: [{{id: a, type: message, text: "{{{{ event.id }}}} {{{{ event.{member} }}}}"}}]
"""
        assert (problems(text) == []) == (member in members), member


@pytest.mark.parametrize("minutes", ["0", "-1", "1.5", '"15"', "600000"])
def test_an_age_is_a_whole_number_of_minutes_of_at_most_a_year(minutes: str) -> None:
    text = WORKFLOW.replace("incident.status_changed, to: resolved", f"incident.age, minutes: {minutes}")
    assert any(problem.startswith("f.yaml:3:") for problem in problems(text))


def test_nested_actions_count_too() -> None:
    head = "kind: workflow\nname: w\ntrigger: {on: manual}\nactions:\n  - {id: b, type: branch, if: 'true', then: ["
    many = ", ".join(f"{{id: m{number}, type: delay, for: 1s}}" for number in range(MOST_ACTIONS))
    [problem] = problems(f"{head}{many}]}}\n")
    assert problem.startswith("f.yaml:5:3: There are 201 actions in total; a workflow may have at most 200.")


def test_auth_and_the_header_authorization_exclude_each_other() -> None:
    text = WORKFLOW.replace("    auth:", "    headers: {AUTHORIZATION: x}\n    auth:")
    assert any("auth and the header Authorization are both given" in problem for problem in problems(text))


def test_a_set_that_sets_nothing_is_refused() -> None:
    text = WORKFLOW.replace("type: runbook, runbook: fix, parameters: {a: 1}", "type: set")
    assert any("sets nothing" in problem for problem in problems(text))
