"""Whole documents with their cases: `runbook test` judges by the code that a real run goes through."""

import pytest

from core.definitions.validate import validate_text
from core.simulation.differences import play_all


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


def test_headers_of_a_made_up_answer_have_no_case() -> None:
    assert not differences("""
kind: runbook
name: hdrs
steps:
  - id: get
    type: http
    url: https://x.example/x
    save: {ct: "response.headers['Content-Type']", same: response.headers.eTag, has: has(response.headers.ETAG)}
tests:
  - name: any case
    steps: {get: {headers: {CONTENT-type: text/plain, etag: abc}}}
    expect: {status: succeeded, saved: {get: {ct: text/plain, same: abc, has: true}}}
""")


@pytest.mark.parametrize(
    "answer", ['{text: "<html>Bad gateway</html>"}', "{status: 204}", '{text: "{"}', '{text: "[1e999]"}']
)
def test_a_made_up_answer_that_is_no_json_says_so(answer: str) -> None:
    assert not differences(f"""
kind: runbook
name: html
steps:
  - {{id: get, type: http, url: "https://x.example/html", save: {{x: response.json.x}}}}
tests:
  - {{name: says so, steps: {{get: {answer}}}, expect: {{status: failed, error: the answer is no JSON}}}}
""")


def test_a_made_up_answer_is_bounded_as_a_real_one_is() -> None:
    assert not differences(f"""
kind: runbook
name: long
steps:
  - id: get
    type: http
    url: https://x.example/long
    save: {{size: size(response.text), big: response.json.n, end: "response.json.t"}}
  - {{id: command, type: shell, argv: [x], save: {{size: "size(result.stdout) < 40000"}}}}
tests:
  - name: cut, and kept as PostgreSQL takes it
    steps:
      get: {{text: '{{"n": 12345678901234567890123, "t": "\\u0000"}}'}}
      command: {{stdout: {"x" * 50_000}}}
    expect:
      status: succeeded
      saved: {{get: {{big: 1.2345678901234568e+22, end: "\\ufffd"}}, command: {{size: true}}}}
""")


def test_a_made_up_answer_says_when_to_ask_again() -> None:
    assert not differences("""
kind: runbook
name: busy
steps:
  - {id: get, type: http, url: "https://x.example", retry: {safe: true, attempts: 2}}
tests:
  - name: asked again
    steps: {get: [{status: 429, headers: {retry-after: "7"}}, {status: 200}]}
    expect: {status: succeeded}
""")


REMEDIATE = """
kind: runbook
name: remediate-then-fail
steps:
  - {id: task1, type: http, url: "https://x.example/fail/9", on_failure: continue}
  - {id: log, type: message, text: "task1 failed: {{ steps.task1.error }}", if: steps.task1.status == "failed"}
  - {id: undo, type: http, method: POST, url: "https://x.example/undo", if: steps.task1.status == "failed"}
  - {id: ended, type: fail, message: "Undone: {{ steps.task1.error }}", if: steps.task1.status == "failed"}
  - {id: after, type: message, text: well}
tests:
  - name: it is mended, and yet the run has failed
    steps: {task1: {status: 500}, undo: {status: 200}}
    expect:
      status: failed
      path: {task1: failed, log: succeeded, undo: succeeded, ended: failed}
      error: "Undone: Answered 500"
      requests: {ended: {message: "Undone: Answered 500; expected response.status < 400"}}
  - name: nothing was wrong
    steps: {task1: {status: 200}}
    expect: {status: succeeded, path: {task1: succeeded, log: skipped, undo: skipped, ended: skipped, after: succeeded}}
"""


def test_a_run_cleans_up_and_fails_all_the_same() -> None:
    assert not differences(REMEDIATE)


@pytest.mark.parametrize("wrong", ["on_failure: continue", "retry: {safe: true}", "message: ''", "messge: x"])
def test_a_fail_step_that_does_not_end_the_run_is_refused(wrong: str) -> None:
    _, problems = validate_text(REMEDIATE.replace("id: ended,", f"id: ended, {wrong},"), "f.yaml")
    assert problems
    assert str(problems[0]).startswith("f.yaml:8:")
