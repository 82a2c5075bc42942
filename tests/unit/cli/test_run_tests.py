"""`runbook test` and `runbook schema` at the terminal."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

RUNBOOK = """\
kind: runbook
name: one
steps:
  - {id: lag, type: http, url: https://x, save: {seconds: response.json.seconds}}
tests:
  - name: fresh
    steps: {lag: {json: {seconds: 1}}}
    expect: {status: succeeded}
"""
WRONG = """\
  - name: stale
    steps: {lag: {json: {seconds: 2}}}
    expect: {saved: {lag: {seconds: 1}}}
"""


def run(tmp_path: Path, text: str, *options: str) -> Result:
    (tmp_path / "one.yaml").write_text(text)
    return CliRunner().invoke(app, ["test", str(tmp_path), *options])


def test_cases_that_hold_exit_with_0(tmp_path: Path) -> None:
    result = run(tmp_path, RUNBOOK)
    assert (result.exit_code, result.stdout) == (0, "ok      one: fresh\n1 test, 0 failed.\n")


def test_a_case_that_fails_shows_both_and_exits_with_1(tmp_path: Path) -> None:
    result = run(tmp_path, RUNBOOK + WRONG)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "ok      one: fresh",
        "FAILED  one: stale",
        "          saved.lag.seconds",
        "            - expected  1",
        "            + got       2",
        "2 tests, 1 failed.",
    ]


def test_the_answer_as_json_has_each_case(tmp_path: Path) -> None:
    answer = json.loads(run(tmp_path, RUNBOOK + WRONG, "--json").stdout)
    assert (answer["passed"], answer["failed"], answer["problems"]) == (1, 1, [])
    assert [case["name"] for case in answer["cases"]] == ["fresh", "stale"]
    assert answer["cases"][1]["differences"] == [{"where": "saved.lag.seconds", "expected": "1", "got": "2"}]
    assert answer["cases"][0]["requests"]["lag"]["url"] == "https://x"


def test_definitions_with_problems_are_not_tested(tmp_path: Path) -> None:
    result = run(tmp_path, RUNBOOK.replace("lag: {json", "lga: {json"))
    assert result.exit_code == 1
    assert "one.yaml:7:13: There is no step lga. Did you mean lag?" in result.stderr
    answer = json.loads(run(tmp_path, RUNBOOK.replace("lag: {json", "lga: {json"), "--json").stdout)
    assert answer["problems"][0]["line"] == 7


def test_a_folder_without_a_test_is_no_success(tmp_path: Path) -> None:
    result = run(tmp_path, RUNBOOK.split("tests:")[0])
    assert result.exit_code == 1
    assert "contain no tests" in result.stdout


@pytest.mark.parametrize("kind", ["runbook", "workflow", "team"])
def test_a_schema_is_printed(kind: str) -> None:
    result = CliRunner().invoke(app, ["schema", kind])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["properties"]["kind"]["const"] == kind


def test_another_kind_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["schema", "nope"]).exit_code == 2
