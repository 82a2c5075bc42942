from typing import Any

import pytest

from slack_sandbox.metadata import METADATA_BYTES, checked_metadata
from slack_sandbox.values import SlackError


def test_metadata_is_kept_as_it_was_sent() -> None:
    metadata = {
        "event_type": "runbook_execution",
        "event_payload": {"execution_id": "rbx_1", "incident_id": None},
    }
    assert checked_metadata(metadata) == metadata


def test_an_empty_object_removes_metadata() -> None:
    assert checked_metadata({}) is None


@pytest.mark.parametrize(
    "value",
    [
        "text",
        [],
        {"event_type": "x"},
        {"event_payload": {}},
        {"event_type": "", "event_payload": {}},
        {"event_type": 1, "event_payload": {}},
        {"event_type": "x", "event_payload": []},
        {"event_type": "x", "event_payload": {}, "more": 1},
    ],
)
def test_metadata_of_another_form_is_refused(value: Any) -> None:
    with pytest.raises(SlackError, match="invalid_metadata_format"):
        checked_metadata(value)


def test_metadata_beyond_the_limit_is_refused() -> None:
    with pytest.raises(SlackError, match="metadata_too_large"):
        checked_metadata({"event_type": "x", "event_payload": {"text": "x" * METADATA_BYTES}})
