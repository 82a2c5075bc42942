"""Checks of documents against each other."""

import pytest

from core.definitions.checks.secrets import Known
from core.definitions.validate import validate_text

from .documents import RUNBOOK, WORKFLOW


def problems(*texts: str, known: tuple[str, ...] | None = None) -> list[str]:
    return [str(problem) for problem in validate_text("---\n".join(texts), "f", known=Known(known))[1]]


def test_an_unknown_runbook_is_a_problem_only_where_it_is_known_which_there_are() -> None:
    assert problems(WORKFLOW) == []
    assert problems(WORKFLOW, known=("one",)) == []
    assert problems(WORKFLOW, RUNBOOK, known=()) == []
    assert problems(WORKFLOW, known=("ones",)) == ["f:11:14: There is no runbook one. Did you mean ones?"]


def test_a_name_is_used_once_in_each_kind() -> None:
    assert problems(RUNBOOK, RUNBOOK) == ["f:26:7: There is already a runbook one in f:2. Rename one."]
    assert problems(RUNBOOK, WORKFLOW.replace("name: flow", "name: one")) == []


def test_a_runbook_of_another_team_is_never_started() -> None:
    runbook = RUNBOOK.replace("name: one", "name: one\nteam: database")
    flow = WORKFLOW.replace("name: flow", "name: flow\nteam: network")
    (problem,) = problems(flow, runbook)
    assert problem.startswith(
        "f:12:14: one belongs to team database, so it cannot run for incidents of network."
    )
    assert problems(WORKFLOW, runbook) == []
    assert problems(flow, RUNBOOK) == []


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("{cluster: user}", "f:12:27: one: cluster must be one of orders, users; you gave user."),
        ("{clutser: users}", "f:12:18: one: There is no parameter clutser. Did you mean cluster?"),
        ("{count: '3'}", "f:12:25: one: count must be a whole number; you gave 3."),
    ],
)
def test_the_parameters_of_a_start_fit_the_runbook(parameters: str, expected: str) -> None:
    assert problems(WORKFLOW.replace("{cluster: users}", parameters), RUNBOOK) == [expected]


def test_a_required_parameter_must_be_given() -> None:
    runbook = RUNBOOK.replace("parameters:\n", "parameters:\n  required: [note]\n")
    assert problems(WORKFLOW, runbook) == ["f:12:17: one: note is missing."]


def test_what_a_template_brings_is_not_judged_beforehand() -> None:
    flow = WORKFLOW.replace("{cluster: users}", "{cluster: '{{ incident.service }}', count: '{{ 3 }}'}")
    assert problems(flow, RUNBOOK) == []


PATTERN = (
    "Use at most 64 lowercase letters, digits and -, starting with a letter or digit; "
    "a * at the end stands for any rest."
)
SHOWN = (
    "the contents of this field are stored and shown. "
    "Use it only where it is sent: in a URL, a header, a body, env or stdin."
)
CHOOSES = """
kind: workflow
name: chooses
team: network
trigger: {on: incident.created}
actions:
  - {id: go, type: runbook, runbook: "{{ incident.labels.runbook }}", parameters: {a: 1}MORE}
"""


def test_a_template_in_place_of_the_name_is_not_judged_beforehand() -> None:
    assert problems(CHOOSES.replace("MORE", ""), RUNBOOK, known=()) == []


def test_the_names_that_it_may_give_are() -> None:
    flow = CHOOSES.replace("MORE", ", only: [one, ones, on*]")
    assert problems(flow, known=("one",)) == ["f:7:103: There is no runbook ones. Did you mean one?"]
    runbook = RUNBOOK.replace("name: one", "name: one\nteam: database")
    [problem] = problems(CHOOSES.replace("MORE", ", only: [one]"), runbook)
    assert problem.startswith("f:7:98: one belongs to team database")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            'runbook: one, only: ["one"]',
            "f:7:49: only limits what a template may name. This name is fixed: remove only.",
        ),
        (
            'runbook: "{{ incident.title }}", only: ["*"]',
            'f:7:69: "*" does not fit only. ' + PATTERN,
        ),
        ('runbook: "{{ incident.title }}", only: []', "f:7:68: only is empty. Give at least 1."),
        ('runbook: "{{ incident.titel }}"', "f:7:42: incident has no titel. Did you mean title?"),
        (
            'runbook: "{{ secrets.NAME }}"',
            "f:7:42: A secret cannot be used here: " + SHOWN,
        ),
        (
            'runbook: "{{ incident.title"',
            'f:7:39: A `{{` has no matching `}}`. Close it, or write {{ "{{" }} for two literal braces.',
        ),
    ],
)
def test_mistakes_in_a_name_that_is_a_template(written: str, expected: str) -> None:
    flow = CHOOSES.replace('runbook: "{{ incident.labels.runbook }}", parameters: {a: 1}MORE', written)
    assert problems(flow) == [expected]


CHILD = """
kind: runbook
name: {name}
team: {team}
parameters: {{type: object, required: [host], properties: {{host: {{type: string}}}}}}
steps:
  - {step}
"""
LEAF = "{id: say, type: message, text: hi}"


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("{id: a, type: runbook, runbook: missing, parameters: {host: x}}", "There is no runbook missing."),
        ("{id: a, type: runbook, runbook: leaf, parameters: {hots: x}}", "leaf: "),
        ("{id: a, type: runbook, runbook: other, parameters: {host: x}}", "other belongs to team data"),
        ("{id: a, type: runbook, runbook: parent, parameters: {host: x}}", "parent runs parent again"),
        (
            "{id: a, type: runbook, steps: [{id: b, type: runbook, runbook: parent}]}",
            "parent runs parent again",
        ),
        ("{id: a, type: runbook}", "Give either runbook, the name of one, or steps."),
        (
            "{id: a, type: runbook, foreach: '[1]', as: params, steps: [" + LEAF + "]}",
            "params already means something",
        ),
        ("{id: a, type: runbook, steps: [{id: a, type: message, text: hi}]}", "The id a appears twice"),
        (
            "{id: a, type: parallel, branches: {one: [{id: b, type: message, text: '{{ steps.c.status }}'}]}}",
            "no c",
        ),
    ],
)
def test_a_step_that_runs_others_is_checked(step: str, sentence: str) -> None:
    leaves = [
        CHILD.format(name="leaf", team="web", step=LEAF),
        CHILD.format(name="other", team="data", step=LEAF),
    ]
    text = "---".join([*leaves, CHILD.format(name="parent", team="web", step=step)])
    _, found = validate_text(text, "a.yaml", known=Known(runbooks=()))
    assert any(sentence in str(problem) for problem in found), [str(problem) for problem in found]


def test_a_circle_over_two_runbooks_is_found() -> None:
    one = CHILD.format(
        name="one", team="web", step="{id: a, type: runbook, runbook: two, parameters: {host: x}}"
    )
    two = CHILD.format(
        name="two", team="web", step="{id: a, type: runbook, runbook: one, parameters: {host: x}}"
    )
    _, found = validate_text(f"{one}---{two}", "a.yaml")
    assert [str(problem).partition(": ")[2] for problem in found] == [
        "two runs one again, so this would never end. Break the circle.",
        "one runs two again, so this would never end. Break the circle.",
    ]
