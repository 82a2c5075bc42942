"""The field `for` of a runbook: which incidents it is made for."""

from typing import Any

import pytest
from pydantic import ValidationError

from core.definitions.made_for import MadeFor, Traits, is_made_for
from core.definitions.runbook import RunbookDefinition

ORDERS = Traits("orders-db", {"region": "eu", "tier": "1"})
STEP = {"id": "stop", "type": "wait", "for": "1s"}


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        ({"services": ["orders-db", "users-db"]}, True),
        ({"services": ["users-db"]}, False),
        ({"labels": {"region": "eu"}}, True),
        ({"labels": {"region": "eu", "tier": "2"}}, False),
        ({"services": ["orders-db"], "labels": {"region": "eu"}}, True),
        ({"services": ["orders-db"], "labels": {"region": "us"}}, False),
        ({"labels": {"unknown": "eu"}}, False),
        ({}, False),
        (None, False),
        ("orders-db", False),
    ],
)
def test_a_runbook_is_made_for_an_incident_of_its_services_with_all_its_labels(
    written: object, fits: bool
) -> None:
    assert is_made_for(written, ORDERS) is fits


def test_a_runbook_without_the_field_is_made_for_none() -> None:
    assert not is_made_for({}, Traits(None, {}))


@pytest.mark.parametrize(
    "written", [{}, {"services": []}, {"services": [""]}, {"labels": {"": "x"}}, {"team": "web"}]
)
def test_what_names_no_incident_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MadeFor.model_validate(written)


def test_it_is_stored_under_the_key_that_people_write() -> None:
    document = {
        "kind": "runbook",
        "name": "fail",
        "for": {"services": ["orders-db"]},
        "confirm": True,
        "steps": [STEP],
    }
    assert RunbookDefinition.model_validate(document).document() == document
