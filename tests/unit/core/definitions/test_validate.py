"""Validation: every mistake at its file:line:column, with a hint, and never a traceback."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.definitions.checks.secrets import Known
from core.definitions.runbook import RunbookDefinition
from core.definitions.team import TeamDefinition
from core.definitions.validate import validate_data, validate_files, validate_text
from core.definitions.workflow import WorkflowDefinition

from .documents import GOOD, RUNBOOK, WORKFLOW


def problems(text: str) -> list[str]:
    return [str(problem) for problem in validate_text(text, "f.yaml")[1]]


@pytest.mark.parametrize("text", [GOOD, RUNBOOK, WORKFLOW, RUNBOOK + "---\n" + WORKFLOW])
def test_good_documents_have_no_problems(text: str) -> None:
    assert problems(text) == []


def test_good_documents_become_definitions_in_their_order() -> None:
    definitions, _ = validate_text(GOOD, "f.yaml", known=Known(()))
    assert [type(definition) for definition in definitions] == [
        TeamDefinition,
        RunbookDefinition,
        WorkflowDefinition,
    ]


# Each row: what of a good document is replaced, by what, and the one Problem that this makes.
WRONG_RUNBOOKS = [
    ("kind: runbook", "kind: runbok", '1:7: There is no document kind "runbok". Did you mean runbook?'),
    (
        "kind: runbook",
        "kind: [a]",
        "1:7: There is no document kind a list. Kinds: runbook, secret, team, workflow.",
    ),
    ("kind: runbook\n", "", "1:1: The field kind is missing. Add kind: team, secret, runbook, workflow."),
    ("name: one\n", "", "1:1: The field name is missing. Add name: … here."),
    (
        "name: one",
        "name: One",
        '2:7: "One" does not fit name. Use at most 64 lowercase letters, digits and -',
    ),
    ("name: one", "name: 12", "2:7: name must be text, not 12."),
    ("name: one", "name: one\ntaem: x", "3:1: There is no field taem here. Did you mean team?"),
    (
        "name: one",
        "name: one\non_conflict: wait",
        '3:14: on_conflict must be reject or queue; you wrote "wait".',
    ),
    ("name: one", "name: one\ntimeout: 5", "3:10: 5 is not a duration. Write a number with its unit"),
    ("name: one", "name: one\nname: two", "3:1: The key 'name' appears twice, first on line 2. Keep one."),
    (
        "  properties:\n",
        "  type: array\n  properties:\n",
        "4:9: The parameters must be a mapping: set type to object.",
    ),
    (
        "count: {type: integer",
        "count: {type: int",
        "6:19: JSON Schema has no type int. Did you mean integer?",
    ),
    (
        "default: orders}",
        "default: order}",
        "5:61: The default does not match its own schema: cluster must be one of",
    ),
    (
        "note: {type: string}",
        "note: {pattern: '('}",
        "7:21: The pattern '(' is not a valid regular expression",
    ),
    (
        "note: {type: string}",
        "note: {$ref: 'http://x'}",
        "7:18: $ref may only refer to a place in this document",
    ),
    (
        "note: {type: string}",
        "note: {$ref: '#/$defs/x'}",
        "7:18: $ref leads nowhere: there is no #/$defs/x here.",
    ),
    (
        "note: {type: string}",
        "note: {type: string}\n  required: [clustr]",
        "8:14: clustr is required, but is not declared",
    ),
    (
        "lock/{{ params.cluster }}",
        "a-{{ params.clster }}",
        "8:12: params has no clster. Did you mean cluster?",
    ),
    (
        "lock/{{ params.cluster }}",
        "a {{ params.cluster",
        '8:9: A `{{` has no matching `}}`. Close it, or write {{ "{{"',
    ),
    (
        "lock/{{ params.cluster }}",
        "a-{{ secrets.X }}",
        "8:12: A secret cannot be used here: the contents of this field are stored",
    ),
    (
        "lock/{{ params.cluster }}",
        "a-{{ steps.first }}",
        "8:12: steps is not known here. Known here: execution, incident",
    ),
    ("lock/{{ params.cluster }}", "{{ params.note }}", "8:8: A text that starts with {{ needs quotes."),
    (
        "lock: lock/{{ params.cluster }}",
        "lock: '{{ params.note }}'",
        "8:11: params.note may be missing. Give it a default",
    ),
    ("  - id: first\n", "  - name: first\n", "10:5: The field id is missing. Add id: … here."),
    ("id: first", "id: in", "10:9: in is a reserved word of CEL. Choose another id."),
    (
        "id: first",
        "id: First-1",
        '10:9: "First-1" does not fit id. Use at most 64 lowercase letters, digits and _',
    ),
    ("id: second", "id: first", "15:9: The id first appears twice in steps. Each needs its own."),
    ("type: http", "type: htp", "11:11: There is no step type htp. Did you mean http?"),
    ("    type: http\n", "", "10:5: The field type is missing: it names the step type. Add type: … here."),
    ("    url:", "    ulr:", "10:5: The field url is missing. Add url: … here."),
    ('url: "https://x/{{ params.cluster }}"', "url: [a]", "12:10: url must be text, not a list."),
    (
        '"https://x/{{ params.cluster }}"',
        '"https://x/{{ params.cluster + }}"',
        "12:40: `params.cluster +` is not a valid CEL expression: it ends too early.",
    ),
    (
        "response.status == 200",
        "response.status = 200",
        "13:29: `response.status = 200` is not a valid CEL expression",
    ),
    (
        "response.status == 200",
        "respons.status == 200",
        "13:13: respons is not known here. Did you mean response?",
    ),
    (
        "response.status == 200",
        "response.statsu == 200",
        "13:13: response has no statsu. Did you mean status?",
    ),
    (
        "response.status == 200",
        "response.status",
        "13:13: `response.status` cannot be evaluated: A condition must be",
    ),
    (
        "response.status == 200",
        "response.status + 1.5 > 2.0",
        "13:13: `response.status + 1.5 > 2.0` cannot be evaluated",
    ),
    (
        "response.status == 200",
        'response.status == "200"',
        "13:32: response.status is a number, never text. Leave out",
    ),
    (
        "response.status == 200",
        "siz(response.text) > 0",
        "13:13: There is no function siz. Did you mean size?",
    ),
    ("response.status == 200", "result.exit_code == 0", "13:13: result is not known here."),
    ("response.status == 200", "true", "13:13: expect must be text, not true."),
    ("    expect:", "    expct:", "13:5: There is no field expct here. Did you mean expect?"),
    ("save: {lag:", "save: {Lag:", '14:12: "Lag" cannot be a name here. Use at most 64 lowercase letters'),
    (
        "response.json.lag",
        "secrets.TOKEN",
        "14:17: A secret can only be used whole: {{ secrets.NAME }} in a text",
    ),
    (
        "[echo, ",
        "echo # ",
        "17:11: argv is a list of arguments, never a shell string. Write each argument as its own",
    ),
    ('saved.lag }}"]', 'saved.lga }}"]', "17:22: steps.first.saved has no lga. Did you mean lag?"),
    (
        '{{ steps.first.saved.lag }}"]',
        '{{ steps.third.status }}"]',
        "17:22: steps has no third. It comes later; only earlier",
    ),
    (
        '{{ steps.first.saved.lag }}"]',
        '{{ steps.frist.status }}"]',
        "17:22: steps has no frist. Did you mean first?",
    ),
    (
        '{{ steps.first.saved.lag }}"]',
        '{{ secrets }}"]',
        "17:22: A secret can only be used whole: {{ secrets.NAME }} in a text",
    ),
    (
        '{{ steps.first.saved.lag }}"]',
        '{{ incident.sevrity }}"]',
        "17:22: incident has no sevrity. Did you mean severity?",
    ),
    (
        '{{ steps.first.saved.lag }}"]',
        '{{ incident.title.x }}"]',
        "17:22: incident.title has no x. incident.title has no members.",
    ),
    (
        '{{ steps.first.saved.lag }}"]',
        '{{ params.note }}"]',
        "17:22: params.note may be missing. Give it a default, list it",
    ),
    (
        'steps.first.status == "succeeded"',
        'incident.severity == "sev1"',
        '18:30: incident.severity is never "sev1". It can be: critical',
    ),
    (
        'steps.first.status == "succeeded"',
        "incident.severity in ['hihg']",
        "18:31: incident.severity is never 'hihg'. Did you mean high?",
    ),
    (
        'steps.first.status == "succeeded"',
        "params.cluster == 'order'",
        "18:27: params.cluster is never 'order'. Did you mean orders?",
    ),
    (
        'steps.first.status == "succeeded"',
        "params.count > 'a'",
        "18:9: `params.count > 'a'` cannot be evaluated: the types of the values do not",
    ),
    (
        'steps.first.status == "succeeded"',
        "incident.severity > 3",
        "18:9: `incident.severity > 3` cannot be evaluated",
    ),
    (
        'steps.first.status == "succeeded"',
        "1 / 0 == 1",
        "18:9: `1 / 0 == 1` cannot be evaluated: it divides by zero.",
    ),
    ('steps.first.status == "succeeded"', '""', "18:9: The expression is empty."),
    (
        "Lag was {{ steps.first.saved.lag }}",
        "Lag was {{ steps.second.saved.lag }}",
        "23:18: steps.second.saved has no lag. That step saves nothing",
    ),
    ("Lag was {{ steps.first.saved.lag }}", "Lag was {{ steps.first", "23:15: A `{{` has no matching `}}`."),
    ("Lag was {{ steps.first.saved.lag }}", "Lag was {{ secrets.X }}", "23:18: A secret cannot be used here"),
    (
        "    type: message\n",
        "    type: message\n    retry: {attempts: 0}\n",
        "21:23: attempts must be at least 1; you wrote 0.",
    ),
    ("    type: message\n", "    type: message\n    retry: 3\n", "21:12: retry must be a mapping, not 3."),
    (
        "    type: message\n",
        "    type: message\n    retry: {saef: true}\n",
        "21:13: There is no field saef here. Did you mean safe?",
    ),
    (
        "    type: message\n",
        "    type: message\n    on_failure: go\n",
        '21:17: on_failure must be stop or continue; you wrote "go".',
    ),
    (
        "    type: message\n",
        "    type: message\n    if: *a\n",
        "21:9: There is no anchor &a before this alias.",
    ),
]


@pytest.mark.parametrize(("good", "wrong", "expected"), WRONG_RUNBOOKS)
def test_a_mistake_in_a_runbook_is_told_at_its_place(good: str, wrong: str, expected: str) -> None:
    assert RUNBOOK.count(good) == 1
    first, *others = problems(RUNBOOK.replace(good, wrong))
    assert first.startswith(f"f.yaml:{expected}")
    assert len(others) == CONSEQUENCES.get(wrong, 0)


# A name that is gone is missed where it is used.
CONSEQUENCES = {"  - name: first\n": 3, "id: in": 3, "id: First-1": 3, "    ulr:": 1, "save: {Lag:": 2}


WRONG_WORKFLOWS = [
    (
        "on: incident.created",
        "on: incident.creatd",
        "3:15: There is no trigger incident.creatd. Did you mean incident.created",
    ),
    ("{on: incident.created}", "{}", "3:10: The field on is missing: it names the trigger."),
    (
        "{on: incident.created}",
        "incident.created",
        '3:10: trigger must be a mapping, not "incident.created".',
    ),
    (
        "on: incident.created",
        "on: incident.created, form: x",
        "3:33: There is no field form here. Fields: on.",
    ),
    (
        'incident.severity == "critical"',
        "event.to == 'x'",
        "4:7: event has no to. This trigger has no members besides",
    ),
    (
        'incident.severity == "critical"',
        "secrets.X == 'x'",
        "4:7: secrets is not known here. Known here: event, incident.",
    ),
    ('incident.severity == "critical"', "params.x == 'x'", "4:7: params is not known here."),
    ("    text: Hello", "    txt: Hello", "6:5: The field text is missing."),
    ("type: message", "type: mesage", "7:11: There is no action type mesage. Did you mean message?"),
    ("id: start", "id: tell", "9:9: The id tell appears twice in actions."),
    ("runbook: one", "runbook: One", '11:14: "One" does not fit runbook.'),
    ("{cluster: users}", "[a]", "12:17: parameters must be a mapping, not a list."),
    ("{cluster: users}", "{a: '{{ secrets.X }}'}", "12:25: A secret cannot be used here"),
    (
        "actions.tell.status",
        "actions.start.status",
        "13:9: actions has no start. It comes later; only earlier actions",
    ),
    ("actions.tell.status", "actions.tell.stauts", "13:9: actions.tell has no stauts. Did you mean status?"),
]


@pytest.mark.parametrize(("good", "wrong", "expected"), WRONG_WORKFLOWS)
def test_a_mistake_in_a_workflow_is_told_at_its_place(good: str, wrong: str, expected: str) -> None:
    assert WORKFLOW.count(good) == 1
    found = problems(WORKFLOW.replace(good, wrong))
    assert found[0].startswith(f"f.yaml:{expected}")
    assert len(found) == 1 + (wrong == "    txt: Hello")


WRONG_TEAMS = [
    (
        "members: [{slack: bob, role: admin}]",
        '3:19: "bob" does not fit slack. Use a Slack user id, such as U024BE7LH.',
    ),
    ("members: [{slack: U1A, role: boss}]", '3:30: role must be admin or responder; you wrote "boss".'),
    ("members: [{slack: U1A}]", "3:11: The field role is missing."),
    (
        "members: [{slack: U1A, role: admin}, {slack: U1A, role: admin}]",
        "3:38: U1A is listed twice. Keep one entry.",
    ),
    ("members: {U1A: admin}", "3:10: members must be a list, not a mapping."),
]


@pytest.mark.parametrize(("line", "expected"), WRONG_TEAMS)
def test_a_mistake_in_a_team_is_told_at_its_place(line: str, expected: str) -> None:
    (problem,) = problems(f"kind: team\nname: a\n{line}\n")
    assert problem.startswith(f"f.yaml:{expected}")


@pytest.mark.parametrize(
    "expression",
    [
        "has(params.note) && params.note == 'x'",
        "!has(params.note) || params.note != ''",
        "incident.labels.anything == 'x'",
        "incident.severity == params.cluster + 'x'",
        "incident.severity == 'critical' ? true : incident.status != 'closed'",
        "steps.first.output.anything.at[0].all == 3",
        "steps['first'].saved['lag'] > 3",
        "size(incident.title.trim()) > 0 && math.abs(params.count) >= 1",
        "timestamp(incident.created_at) < timestamp('2030-01-01T00:00:00Z')",
        "[1, 2].exists(x, x == params.count)",
        "execution.requested_by.startsWith('U')",
        "double(incident.description) > 1.0",
    ],
)
def test_what_is_right_is_not_called_wrong(expression: str) -> None:
    assert problems(RUNBOOK.replace('steps.first.status == "succeeded"', f'"{expression}"')) == []


def test_a_condition_that_asks_for_a_parameter_lets_its_step_use_it() -> None:
    text = RUNBOOK.replace('steps.first.status == "succeeded"', "has(params.note)")
    assert problems(text.replace('{{ steps.first.saved.lag }}"]', '{{ params.note }}"]')) == []


def test_all_mistakes_are_told_at_once_in_their_order() -> None:
    text = RUNBOOK.replace("name: one", "name: One").replace("type: http", "type: htp")
    text = text.replace("incident.title", "incident.titel")
    assert [problem.split(" ")[0] for problem in problems(text)] == [
        "f.yaml:2:7:",
        "f.yaml:11:11:",
        "f.yaml:22:19:",
    ]


def test_a_definition_with_a_problem_is_not_handed_out() -> None:
    text = WORKFLOW + "---\n" + RUNBOOK.replace("incident.title", "incident.titel")
    definitions, found = validate_text(text, "f.yaml")
    assert [definition.name for definition in definitions] == ["flow"]
    assert len(found) == 1


def test_a_request_is_validated_like_a_file_and_names_its_field() -> None:
    data = {
        "kind": "runbook",
        "name": "a",
        "steps": [{"id": "a", "type": "message", "text": "{{ incident.titel }}"}],
    }
    definitions, (problem,) = validate_data(data)
    assert definitions == []
    assert problem.field == "steps.0.text"
    assert problem.message == "incident has no titel."
    assert validate_data({**data, "steps": [{"id": "a", "type": "message", "text": "é 😀"}]})[1] == []


def test_files_and_folders_are_one_set(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "runbook.yml").write_text(RUNBOOK)
    (tmp_path / "inner" / "notes.txt").write_text("{{{")
    flow = tmp_path / "flow.yaml"
    flow.write_text(WORKFLOW.replace("users", "user"))
    definitions, (problem,) = validate_files([tmp_path], known=Known(()))
    assert [definition.name for definition in definitions] == ["flow", "one"]
    assert str(problem) == f"{flow}:12:27: one: cluster must be one of orders, users; you gave user."


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"a: 1\nb: \xff\n")
    _, found = validate_files([tmp_path / "none.yaml", binary])
    assert [str(problem) for problem in found] == [
        f"{binary}:2:4: The file is not UTF-8 text. Save it as UTF-8.",
        f"{tmp_path / 'none.yaml'}:1:1: The file cannot be read: No such file or directory.",
    ]


LINES = st.sampled_from(
    [*RUNBOOK.splitlines(), *WORKFLOW.splitlines(), "---", "- 1", "  x: [", "a: {{ b }}", "    ? q"]
)


@settings(max_examples=60)
@given(st.lists(LINES, max_size=25))
def test_any_mixture_of_lines_is_validated_without_a_traceback(lines: list[str]) -> None:
    definitions, found = validate_text("\n".join(lines), "f.yaml")
    assert definitions or found


@settings(max_examples=60)
@given(
    st.integers(0, len(RUNBOOK) - 1),
    st.integers(0, 12),
    st.text(alphabet="{}[]:,-'\"\n a1&*!|>é\0", max_size=4),
)
def test_any_edit_of_a_runbook_is_validated_without_a_traceback(at: int, length: int, text: str) -> None:
    edited = RUNBOOK[:at] + text + RUNBOOK[at + length :]
    for problem in validate_text(edited, "f.yaml")[1]:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message


def nodes(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of each nested value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from nodes(each, (*path, key))


def with_another(data: dict[str, object], path: tuple[str | int, ...], value: object) -> dict[str, object]:
    changed = copy.deepcopy(data)
    inside: Any = changed
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return changed


@pytest.mark.parametrize("other", [{}, {"a": [1]}, [], [[]], None, True, 7, 1.5, "", "{{ x"], ids=repr)
@pytest.mark.parametrize("text", [*GOOD.split("---\n"), RUNBOOK, WORKFLOW])
def test_whatever_stands_where_a_value_should_is_validated_without_a_traceback(
    text: str, other: object
) -> None:
    data = yaml.safe_load(text)
    for path in nodes(data):
        for problem in validate_data(with_another(data, path, other))[1]:
            assert problem.message
