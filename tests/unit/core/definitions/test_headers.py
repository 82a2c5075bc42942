"""Headers that HTTP cannot carry are reported at their position in the definition."""

import pytest

from core.definitions.validate import validate_text
from core.values.headers import joined, why_no_header

RUNBOOK = """kind: runbook
name: x
steps:
  - id: call
    type: http
    url: https://x.example
    headers: {%s}
"""
WORKFLOW = """kind: workflow
name: x
trigger: {on: incident.created}
actions:
  - {id: call, type: webhook, url: "https://x.example", %s}
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in validate_text(text, "f.yaml")[1]]


@pytest.mark.parametrize(
    ("headers", "start"),
    [
        ("X-Größe: big", "f.yaml:7:15: 'X-Größe' is not a valid header name. Use letters"),
        ("X Size: big", "f.yaml:7:15: 'X Size' is not a valid header name"),
        ('"": big', "f.yaml:7:15: '' is not a valid header name"),
        ('"X-A:": big', "f.yaml:7:15: 'X-A:' is not a valid header name"),
        ('Authorization: "Bearer schlüssel"', "f.yaml:7:30: The header Authorization contains a character"),
        ('X-A: "two\\nlines"', "f.yaml:7:20: The header X-A contains a character"),
        ('X-A: "schlüssel {{ incident.title }}"', "f.yaml:7:20: The header X-A contains a character"),
        (
            'X-A: "{{ incident.title }} – {{ incident.id }}"',
            "f.yaml:7:20: The header X-A contains a character",
        ),
        ('X-A: " a"', "f.yaml:7:20: The header X-A begins or ends with a space"),
        ("X-A: a, x-a: b", "f.yaml:7:23: x-a and X-A are the same header"),
    ],
)
def test_a_wrong_header_is_found(headers: str, start: str) -> None:
    (found,) = problems(RUNBOOK % headers)
    assert found.startswith(start)


@pytest.mark.parametrize(
    "headers",
    [
        "X-Size: big, Accept: '*/*', x_y.z~!: a b",
        'X-A: "{{ incident.title }}"',
        "X-A: '{{ \"schlüssel\" == incident.title }}'",
        'X-A: ""',
    ],
)
def test_what_http_carries_is_let_through(headers: str) -> None:
    assert problems(RUNBOOK % headers) == []


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("headers: {X-Größe: big}", "f.yaml:5:67: 'X-Größe' is not a valid header name"),
        (
            "auth: {type: bearer, token: schlüssel}",
            "f.yaml:5:85: The header Authorization contains a character",
        ),
    ],
)
def test_of_a_webhook_too(written: str, start: str) -> None:
    (found,) = problems(WORKFLOW % written)
    assert found.startswith(start)


def test_names_are_joined_whatever_their_case() -> None:
    assert joined({"A": "1", "b": "2"}, {"a": "3"}, {"B": "4"}) == {"a": "3", "B": "4"}


@pytest.mark.parametrize("value", ["ä", "a\r\nb", "\x00", "\x7f", " a", "a ", "a\tb"])
def test_a_value_that_no_header_has(value: str) -> None:
    assert why_no_header("X-A", value)
    assert repr(value) not in (why_no_header("X-A", value) or "")
