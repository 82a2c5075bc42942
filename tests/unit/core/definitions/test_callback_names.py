"""The names available in a runbook with callbacks."""

import pytest

from core.definitions.validate import validate_text

RUNBOOK = """
kind: runbook
name: db-rebuild
steps:
  - {id: ask, type: http, url: "https://db.example/?tell={{ callbacks.done }}"}
  - {id: done, type: callback, save: {rows: callback.json.rows}}
  - {id: tell, type: message, text: "{{ steps.done.saved.rows }}"}
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in validate_text(text, "f.yaml")[1]]


def test_an_earlier_step_names_the_address_of_a_later_one() -> None:
    assert problems(RUNBOOK) == []


@pytest.mark.parametrize(
    ("good", "wrong", "said"),
    [
        ("callbacks.done", "callbacks.dine", "callbacks has no dine. Did you mean done?"),
        ("callbacks.done", "callbacks.tell", "callbacks has no tell."),
        ("callback.json.rows", "response.json.rows", "response is not known here."),
        ("callback.json.rows", "callback.body", "callback has no body."),
        ("callback.json.rows", "secrets.KEY", "A secret can only be used whole"),
        ("steps.done.saved.rows", "steps.done.saved.row", "steps.done.saved has no row. Did you mean rows?"),
        ("type: callback", "type: callback, expires: soon", "'soon' is not a duration."),
    ],
)
def test_a_wrong_name_is_told(good: str, wrong: str, said: str) -> None:
    [problem] = problems(RUNBOOK.replace(good, wrong))
    assert said in problem


def test_where_no_step_is_called_back_there_is_no_address() -> None:
    [problem] = problems(
        RUNBOOK.replace("type: callback, save: {rows: callback.json.rows}", "type: wait, for: 1s").replace(
            "steps.done.saved.rows", "params"
        )
    )
    assert "callbacks has no done. There is no step of type callback." in problem
