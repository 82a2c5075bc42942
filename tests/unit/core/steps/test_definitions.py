"""What each step type refuses."""

import pytest
from pydantic import BaseModel, ValidationError

from core.definitions.steps import step_types

BASE: dict[str, dict[str, object]] = {
    "http": {"url": "https://x"},
    "shell": {"argv": ["a"]},
    "approval": {},
    "wait": {"for": "1s"},
    "message": {"text": "a"},
    "github_actions": {"repository": "a/b", "workflow": "c.yaml", "ref": "main", "token": "t"},
    "jenkins": {"url": "https://x", "job": "a", "user": "u", "token": "t"},
    "awx": {"url": "https://x", "template": "1", "token": "t"},
    "pagerduty": {"action": "resolve", "incident": "P", "token": "t", "from": "a@b"},
    "statuspage": {"page": "p", "token": "t", "title": "a"},
}


def model(kind: str) -> type[BaseModel]:
    return step_types()[kind]


@pytest.mark.parametrize("kind", BASE)
def test_the_least_of_each_type_is_valid(kind: str) -> None:
    model(kind).model_validate({"id": "a", "type": kind, **BASE[kind]})


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("http", {"url": ""}, "at least 1 character"),
        ("http", {"method": "get"}, "Input should be"),
        ("http", {"json": {}, "body": "x"}, "json and body are both given"),
        ("http", {"json": None, "body": "x"}, "json and body are both given"),
        ("http", {"save": {"A": "1"}}, "match pattern"),
        ("http", {"save": {"in": "1"}}, "reserved word"),
        ("http", {"headers": {"a": 1}}, "valid string"),
        ("shell", {"argv": "dbctl check"}, "never a shell string"),
        ("shell", {"argv": []}, "at least 1 item"),
        ("shell", {"env": {"A B": "1"}}, "match pattern"),
        ("approval", {"approvers": {"count": 0}}, "greater than or equal to 1"),
        ("approval", {"approvers": {"count": True}}, "valid integer"),
        ("approval", {"approvers": {"people": ["bob"]}}, "match pattern"),
        ("approval", {"approvers": {"people": ["U1A", "U1A"], "count": 2}}, "people names only 1"),
        ("approval", {"expires": "0s"}, "at least 1ms"),
        ("wait", {"for": "soon"}, "is not a duration"),
        ("message", {"text": ""}, "at least 1 character"),
        ("message", {"retry": {"attempts": 11}}, "less than or equal to 10"),
        ("message", {"on_failure": "ignore"}, "'stop' or 'continue'"),
        ("message", {"timeout": "0s"}, "at least 1ms"),
        ("message", {"nope": 1}, "Extra inputs"),
        ("github_actions", {"poll": {}, "retry": {"safe": True}}, "follows what it starts by itself"),
        ("github_actions", {"every": "10ms"}, "must be at least 1s"),
        ("github_actions", {"key_input": "a b"}, "match pattern"),
        (
            "github_actions",
            {"inputs": {"key": "1"}, "key_input": "key"},
            "The input key takes the step's key",
        ),
        (
            "jenkins",
            {"parameters": {"KEY": "1"}, "key_parameter": "KEY"},
            "The parameter KEY takes the step's key",
        ),
        ("awx", {"variables": {"runbook_key": "1"}}, "The variable runbook_key takes the step's key"),
        ("awx", {"kind": "project"}, "'job' or 'workflow'"),
        ("pagerduty", {"dedup_key": "k"}, "either incident or dedup_key"),
        ("pagerduty", {"incident": None}, "either incident or dedup_key"),
        ("pagerduty", {"routing_key": "r"}, "either token and from"),
        ("pagerduty", {"from": None}, "token and from go together"),
        ("pagerduty", {"action": "note"}, "action: note and note go together"),
        ("pagerduty", {"note": "a"}, "action: note and note go together"),
        ("pagerduty", {"token": None, "from": None, "routing_key": "r"}, "knows only dedup_key"),
        ("statuspage", {"incident": "i"}, "Give one of them"),
        ("statuspage", {"title": None}, "Give title to open an incident"),
        ("statuspage", {"title": None, "components": {"c": "operational"}, "body": "a"}, "components alone"),
        ("statuspage", {"title": None, "incident": "i"}, "The update says nothing"),
        ("statuspage", {"components": {"c": "broken"}}, "Input should be"),
        ("statuspage", {"components": {"../c": "operational"}}, "match pattern"),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError) as raised:
        model(kind).model_validate({"id": "a", "type": kind, **BASE[kind], **change})
    assert sentence in str(raised.value)


def test_more_approvers_than_people_are_possible_where_a_team_decides_too() -> None:
    approvers = {"people": ["U1A"], "role": "admin", "count": 2}
    model("approval").model_validate({"id": "a", "type": "approval", "approvers": approvers})
