"""Documents keep the order of their keys."""

from core.definitions.runbook import RunbookDefinition
from core.definitions.workflow import WorkflowDefinition
from core.definitions.written import in_order_of


def test_a_document_is_kept_in_the_order_in_which_it_was_written() -> None:
    written: dict[str, object] = {
        "steps": [{"type": "http", "retry": {"backoff": "2s", "safe": True}, "url": "https://x", "id": "a"}],
        "name": "one",
        "kind": "runbook",
        "parameters": {"properties": {"z": {"type": "string"}, "a": {"type": "string"}}, "type": "object"},
    }
    document = RunbookDefinition.model_validate(written).document()

    assert repr(document) == repr(written)
    assert repr(RunbookDefinition.model_validate(document).document()) == repr(written)


def test_a_document_says_nothing_that_was_not_written() -> None:
    written: dict[str, object] = {
        "kind": "workflow",
        "actions": [{"text": "x", "type": "message", "id": "a"}],
    }
    written |= {"trigger": {"on": "manual"}, "name": "w"}

    assert repr(WorkflowDefinition.model_validate(written).document()) == repr(written)


def test_keys_that_the_example_does_not_have_come_last() -> None:
    assert list(in_order_of({"new": 1, "b": 2, "a": 3}, {"a": 0, "gone": 0, "b": 0})) == ["a", "b", "new"]


def test_entries_of_a_list_are_told_by_their_id() -> None:
    example = [{"type": "x", "id": "first"}, {"id": "second", "type": "y"}]
    value = [{"type": "y", "id": "second"}, {"id": "new", "type": "z"}, {"id": "first", "type": "x"}]

    assert [list(each) for each in in_order_of(value, example)] == [
        ["id", "type"],
        ["id", "type"],
        ["type", "id"],
    ]


def test_what_is_no_longer_of_one_shape_stays_as_it_is() -> None:
    assert in_order_of({"a": [1, {"b": 2}]}, {"a": "text"}) == {"a": [1, {"b": 2}]}
