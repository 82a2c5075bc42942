"""When the demo's story has ended well, and what it says otherwise."""

from typing import Any

import pytest

from cli.demo.story import PROMOTES, Ending

GOOD = {"status": "succeeded", "workflow_execution_id": "wfx_1"}


def ending(shown: str = PROMOTES, promotions: int = 1, **payload: Any) -> Ending:
    outcome = {"metadata": {"event_payload": GOOD | payload}}
    return Ending("C0INC", {"text": shown}, outcome, {"promotions": promotions})


def test_a_story_that_ended_well_has_no_complaint() -> None:
    assert ending().complaint is None


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        (ending(shown="Approve something?"), "the approver was not shown what would be sent"),
        (ending(status="failed"), "the run ended failed"),
        (
            ending(workflow_execution_id=None),
            "the outcome message does not contain the workflow execution's id",
        ),
        (ending(promotions=2), "the target was promoted 2 times"),
    ],
)
def test_any_other_says_what_is_wrong(found: Ending, complaint: str) -> None:
    assert found.complaint == complaint
