"""The diagnostic queries for unfinished work run against the real database."""

import pytest
from sqlalchemy import Engine, text

from chaos.diagnostics import LEFT
from core.unit_of_work import UnitOfWorkFactory
from tests.world import TEAMS, apply_documents, new_incident, start_run

RUNBOOK = """
kind: runbook
name: say
team: database
steps: [{id: hello, type: message, text: hello}]
"""


@pytest.mark.parametrize("what", LEFT)
def test_every_question_has_an_answer(engine: Engine, unit_of_work: UnitOfWorkFactory, what: str) -> None:
    apply_documents(unit_of_work, f"{TEAMS}---{RUNBOOK}")
    run = start_run(unit_of_work, new_incident(unit_of_work), "say")
    with engine.connect() as connection:
        answers = [dict(row) for row in connection.execute(text(LEFT[what])).mappings()]

    assert what not in ("execution", "step") or run in str(answers)
    assert what != "message" or [each["kind"] for each in answers if each["subject_id"] == run] == [
        "headline"
    ]
