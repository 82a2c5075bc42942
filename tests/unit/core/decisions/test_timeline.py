"""Timeline entries in words."""

import re

import pytest

from core.decisions.timeline import KINDS, SENTENCES, in_words
from core.services.incidents.timeline import LINES


def test_a_line_says_what_happened_and_why() -> None:
    details = {"runbook": "db-failover", "status": "timed_out", "error": "Step gate: Nobody decided in time."}
    assert in_words("run.ended", details) == "db-failover timed out: Step gate: Nobody decided in time."
    assert in_words("incident.status_changed", {"from": "open", "to": "resolved"}) == (
        "changed the status from open to resolved"
    )


@pytest.mark.parametrize("kind", SENTENCES)
def test_a_line_without_its_details_is_told_all_the_same(kind: str) -> None:
    assert in_words(kind, {})


def test_what_people_wrote_is_never_taken_for_a_template() -> None:
    assert in_words("incident.note", {"text": "{from} {0}"}) == "noted: {from} {0}"


def test_an_unknown_kind_is_told_by_its_details() -> None:
    assert in_words("incident.frozen", {"team": "database"}) == "incident frozen: team database"


def test_every_kind_that_the_query_names_can_be_asked_for() -> None:
    named = re.findall(r"'((?:workflow|action|run|step|approval|freeze|callback)\.[a-z_]+)'", LINES)
    assert len(named) > 12
    assert set(named) <= set(KINDS)
