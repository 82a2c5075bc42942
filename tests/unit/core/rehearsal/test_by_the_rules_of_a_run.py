"""Whole documents with their cases: `runbook test` judges by the code that a real run goes through."""

import pytest

from core.definitions.validate import validate_text
from core.rehearsal.cases import play_all


def differences(text: str) -> list[str]:
    """What came otherwise than the document's cases expect."""
    definitions, problems = validate_text(text, "f.yaml")
    assert not problems
    return [str(found) for played in play_all(definitions) for found in played.differences]


def test_a_condition_in_local_time() -> None:
    assert not differences("""
kind: runbook
name: cel
parameters: {type: object, properties: {at: {type: string, default: "2026-03-29T01:30:00Z"}}}
steps:
  - {id: berlin, type: message, text: "{{ timestamp(params.at).getHours('Europe/Berlin') }}"}
  - {id: since, type: message, text: "{{ int(timestamp(params.at)) }}"}
tests:
  - name: summer time
    expect: {status: succeeded, requests: {berlin: {text: "3"}, since: {text: "1774747800"}}}
""")


@pytest.mark.parametrize("zone", ["Europe/Berln", "CEST2", "", "Mars/Olympus"])
def test_a_workflow_with_a_wrong_zone_is_refused_with_line_and_column(zone: str) -> None:
    _, problems = validate_text(
        f"""kind: workflow
name: after-hours
trigger: {{on: incident.created}}
when: timestamp(incident.created_at).getHours("{zone}") < 9
actions:
  - {{id: say, type: message, text: "Out of hours."}}
""",
        "f.yaml",
    )
    assert next(map(str, problems)).startswith("f.yaml:4:47: ")
