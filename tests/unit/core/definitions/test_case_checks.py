"""Mistakes in `tests:` are reported at their position."""

import pytest

from core.definitions.validate import validate_text

RUNBOOK = """\
kind: runbook
name: one
parameters:
  properties:
    cluster: {type: string}
steps:
  - {id: lag, type: http, url: https://x, save: {seconds: response.json.s}}
  - {id: gate, type: approval}
  - {id: check, type: shell, argv: [a]}
  - {id: told, type: message, text: a}
  - {id: built, type: callback}
tests:
"""


def problems(case: str) -> list[str]:
    text = RUNBOOK + "".join(f"  {line}\n" for line in case.splitlines())
    return [str(problem).removeprefix("x.yaml:") for problem in validate_text(text, "x.yaml")[1]]


GOOD = """\
- name: a
  parameters: {cluster: orders}
  incident: {severity: critical, labels: {pager: "yes"}}
  steps:
    lag: [{no_answer: true}, {status: 200, json: {s: 1}, headers: {A: b}}]
    gate: {}
    check: {exit_code: 1, stderr: no}
    told: {error: full}
  decisions: {gate: approve}
  callbacks: {built: {result: green}}
  secrets: {A: b}
  expect: {status: failed, path: {lag: succeeded}, saved: {lag: {seconds: 1}}, requests: {lag: {method: GET}}, error: no
    such thing}
"""


def test_a_good_case_has_no_problem() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ("steps: {lga: {status: 200}}", "14:13: There is no step lga. Did you mean lag?"),
        ("decisions: {gaet: approve}", "14:17: There is no step gaet. Did you mean gate?"),
        ("decisions: {lag: approve}", "14:17: lag is not an approval step: there is nothing to decide."),
        ("callbacks: {bilt: 1}", "14:17: There is no step bilt. Did you mean built?"),
        (
            "callbacks: {told: 1}",
            "14:17: told is not a callback step: it is never called back. Callback steps: built.",
        ),
        ("decisions: {gate: maybe}", "14:23: gate must be approve, reject or expire"),
        ("parameters: {clutser: a}", "14:18: There is no parameter clutser. Did you mean cluster?"),
        ("steps: {lag: {exit_code: 1}}", "14:18: lag is a step of type http: its answer may have status"),
        (
            "steps: {check: [{status: 200}]}",
            "14:20: check is a step of type shell: its answer may have exit_code",
        ),
        (
            "steps: {told: {no_answer: true}}",
            "14:19: told is a step of type message: its answer may have output",
        ),
        ("steps: {lag: {stauts: 1}}", "14:19: There is no field stauts here. Did you mean status or stdout?"),
        (
            "steps: {lag: [{stauts: 1}]}",
            "14:20: There is no field stauts here. Did you mean status or stdout?",
        ),
        ("steps: {lag: {status: 200, exit_code: 1}}", "14:18: exit_code, status cannot be combined."),
        ("steps: {lag: []}", "14:18: lag is empty."),
        ("steps: {lag: {json: 1, text: a}}", "14:18: Give either json or text"),
        ("incident: {severity: sev1}", "14:26: severity must be info, low, medium, high or critical"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(fields: str, sentence: str) -> None:
    (problem,) = problems(f"- name: a\n  {fields}\n  expect: {{status: failed}}")
    assert problem.startswith(sentence)


@pytest.mark.parametrize("field", ["path: {lga: failed}", "saved: {lga: {a: 1}}", "requests: {lga: {a: 1}}"])
def test_an_unknown_step_is_found_in_what_is_expected(field: str) -> None:
    (problem,) = problems(f"- name: a\n  expect: {{{field}}}")
    assert "There is no step lga. Did you mean lag?" in problem


def test_a_case_that_expects_nothing_is_refused() -> None:
    (problem,) = problems("- name: a\n  expect: {}")
    assert "Nothing is expected here." in problem


def test_two_cases_of_one_name_are_refused() -> None:
    (problem,) = problems("- {name: a, expect: {status: failed}}\n- {name: a, expect: {status: failed}}")
    assert problem.startswith("14:12: The name a appears twice in tests.")


FLEET = """
kind: runbook
name: fleet
steps:
  - id: each
    type: runbook
    foreach: '["a"]'
    steps:
      - {id: both, type: parallel, branches: {one: [{id: restart, type: http, url: "https://fleet.example"}]}}
tests:
"""


@pytest.mark.parametrize("field", ["saved: {restart: {a: 1}}", "path: {restart: failed}"])
def test_a_step_in_a_child_run_is_no_step_of_the_run(field: str) -> None:
    """Otherwise the case would seem to say something about it."""
    _, found = validate_text(f"{FLEET}  - name: a\n    expect: {{{field}}}", "f")
    (problem,) = map(str, found)
    assert "restart runs in a child run of each, and these are the steps of the run itself." in problem
    assert "Expect the status of each instead" in problem
