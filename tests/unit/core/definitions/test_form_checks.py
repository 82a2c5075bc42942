"""What `runbook validate` finds in `x-slack` and `x-choices`."""

import json
from typing import Any

import pytest

from core.definitions.checks.secrets import NOTHING_KNOWN, Known
from core.definitions.validate import validate_text

STEP = {"id": "stop", "type": "wait", "for": "1s"}
GOOD = {"step": "http", "url": "https://inventory.example/hosts"}


def problems(parameter: dict[str, Any], known: Known = NOTHING_KNOWN, **more: dict[str, Any]) -> list[str]:
    properties = {"p": parameter, **more}
    document = {"kind": "runbook", "name": "tried", "parameters": {"properties": properties}, "steps": [STEP]}
    _, found = validate_text(json.dumps(document), "t.json", known=known)
    return [f"{problem.message} {problem.hint or ''}".strip() for problem in found]


@pytest.mark.parametrize(
    "parameter",
    [
        {"type": "string", "x-slack": "user"},
        {"type": "string", "x-slack": "channel"},
        {"type": "string", "x-slack": "long"},
        {"type": "array", "items": {"type": "string", "x-slack": "user"}},
        {"type": "string", "x-choices": GOOD},
        {"type": "string", "x-choices": {**GOOD, "choices": "response.json.items.map(i, i.name)"}},
        {"type": "string", "x-choices": {**GOOD, "query": {"service": "{{ incident.service }}"}}},
        {"type": "string", "x-choices": {**GOOD, "headers": {"Authorization": "Bearer {{ secrets.TOKEN }}"}}},
        {"type": "string", "x-choices": {**GOOD, "expect": "response.status == 200"}},
    ],
)
def test_good_fields_are_accepted(parameter: dict[str, Any]) -> None:
    assert problems(parameter) == []


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ({"type": "string", "x-slack": "usr"}, "x-slack has no such value."),
        ({"type": "string", "x-slack": ["user"]}, "x-slack has no such value."),
        ({"type": "integer", "x-slack": "user"}, "x-slack: user is for text."),
        ({"type": "array", "x-slack": "user"}, "put x-slack into items"),
        ({"x-choices": {"url": "https://x.example"}}, "step: Field required."),
        ({"x-choices": {**GOOD, "step": "shell"}}, "step: Input should be 'http'."),
        ({"x-choices": {**GOOD, "method": "POST"}}, "method: There is no such field here."),
        ({"x-choices": {**GOOD, "json": {}}}, "json: There is no such field here."),
        ({"x-choices": "https://x.example"}, "Input should be"),
        (
            {"x-choices": {**GOOD, "url": "https://{{ incident.service }}/x"}},
            "would determine which host is called",
        ),
        ({"x-choices": {**GOOD, "url": "https://x.example/{{ params.p }}"}}, "params"),
        ({"x-choices": {**GOOD, "query": {"q": "{{ incident.sevice }}"}}}, "Did you mean service?"),
        ({"x-choices": {**GOOD, "choices": "respons.json"}}, "respons"),
        ({"x-choices": {**GOOD, "choices": "secrets.TOKEN"}}, "secret"),
        ({"x-choices": {**GOOD, "headers": {"a b": "x"}}}, "is not a valid header name"),
        ({"type": "string", "writeOnly": True, "x-choices": GOOD}, "p is a secret, and choices are shown."),
    ],
)
def test_what_is_wrong_is_found_before_anything_is_fetched(parameter: dict[str, Any], said: str) -> None:
    found = problems(parameter)
    assert len(found) >= 1
    assert said in found[0]


def test_at_most_five_parameters_have_choices_of_their_own() -> None:
    five: dict[str, dict[str, Any]] = {f"p{n}": {"x-choices": GOOD} for n in range(5)}
    assert (
        "At most 5 parameters may have x-choices." in problems({"x-choices": GOOD}, NOTHING_KNOWN, **five)[0]
    )


def test_a_secret_that_is_not_declared_for_the_team_is_found() -> None:
    choices = {**GOOD, "headers": {"Authorization": "Bearer {{ secrets.TOKEN }}"}}
    [found] = problems({"x-choices": choices}, Known(secrets={}))
    assert "TOKEN" in found
