"""What each action type refuses."""

import pytest
from pydantic import ValidationError

from core.definitions.actions import action_types

BASE: dict[str, dict[str, object]] = {
    "runbook": {"runbook": "db-failover"},
    "webhook": {"url": "https://x"},
    "message": {"text": "a"},
    "delay": {"for": "1s"},
    "set": {"severity": "high"},
    "jira": {"site": "https://x", "token": "t", "project": "OPS", "summary": "a"},
    "linear": {"token": "t", "team": "x", "title": "a"},
    "branch": {"if": "true", "then": [{"id": "b", "type": "message", "text": "a"}]},
}


@pytest.mark.parametrize("kind", BASE)
def test_the_least_of_each_type_is_valid(kind: str) -> None:
    action_types()[kind].model_validate({"id": "a", "type": kind, **BASE[kind]})


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("runbook", {"runbook": "DB"}, "match pattern"),
        ("runbook", {"runbook": "{ x }"}, "match pattern"),
        ("runbook", {"only": ["db"]}, "This name is fixed"),
        ("runbook", {"runbook": "{{ x }}", "only": ["*"]}, "match pattern"),
        ("runbook", {"parameters": []}, "valid dictionary"),
        ("webhook", {"url": ""}, "at least 1 character"),
        ("webhook", {"method": "CONNECT"}, "Input should be"),
        ("message", {"id": "a-b"}, "match pattern"),
        ("message", {"id": "if"}, "reserved word"),
        ("message", {"nope": 1}, "Extra inputs"),
        ("delay", {"for": "0s"}, "longer than zero"),
        ("set", {"severity": "worse"}, "Input should be"),
        ("set", {"severity": None}, "sets nothing"),
        ("set", {"status": "open"}, "Input should be"),
        ("jira", {"token": ""}, "at least 1 character"),
        ("linear", {"team": ""}, "at least 1 character"),
        ("branch", {"then": []}, "at least 1 item"),
        ("branch", {"if": None}, "valid string"),
        ("webhook", {"auth": {"type": "magic"}}, "does not match any of the expected tags"),
        ("webhook", {"auth": {"type": "basic", "username": "u"}}, "Field required"),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError) as raised:
        action_types()[kind].model_validate({"id": "a", "type": kind, **BASE[kind], **change})
    assert sentence in str(raised.value)
