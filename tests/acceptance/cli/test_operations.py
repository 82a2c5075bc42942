"""Verdicts, freezes and incidents from a terminal, through the same policy as REST; and `--version`."""

import json
from collections.abc import Callable

import pytest

from core.services.executions.kinds import RUNBOOK
from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.cli.conftest import Cli
from tests.acceptance.cli.processes import really_said
from tests.world import apply_documents, new_executor, see, start_run

NOTE = """It's "down": a=b, `x`
second line"""


def in_doubt(unit_of_work: UnitOfWorkFactory, incident: Incident) -> str:
    run = start_run(unit_of_work, incident, "say-hello")
    with unit_of_work.begin() as work:
        connection = work.session.connection()
        connection.exec_driver_sql(
            "UPDATE runbook_executions SET status = 'waiting', waiting_for = 'verdict', wake_at = NULL"
        )
        connection.exec_driver_sql("UPDATE step_executions SET status = 'unknown', attempt = 1")
    return run


@pytest.mark.parametrize("answer", ["ran", "did_not_run", "run_again"])
def test_a_verdict_is_about_the_step_that_the_run_asks_about(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, answer: str
) -> None:
    run = in_doubt(unit_of_work, incident)
    outcome = cli("verdict", run, answer)
    assert outcome.status == 0, outcome.err
    assert f"step pause of say-hello: {answer}" in outcome.out
    assert see(unit_of_work, run).waiting_for is None


def test_a_verdict_about_another_attempt_is_refused(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    run = in_doubt(unit_of_work, incident)
    outcome = cli("verdict", run, "ran", "--step", "pause", "--attempt", "2")
    assert outcome.status == 1
    assert see(unit_of_work, run).waiting_for == "verdict"


def test_a_run_that_asks_nothing_takes_no_verdict(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    outcome = cli("verdict", start_run(unit_of_work, incident, "say-hello"), "ran")
    assert (outcome.status, "does not wait for a verdict" in outcome.err) == (1, True)
    assert cli("verdict", "rbx_none", "perhaps").status == 2


ASKS = """
kind: runbook
name: db-choose
team: database
steps:
  - id: which
    type: input
    message: Which replica?
    schema: {required: [replica], properties: {replica: {type: string}, weight: {type: integer, default: 2}}}
"""


def test_values_are_entered_from_the_terminal(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    apply_documents(unit_of_work, ASKS)
    run = start_run(unit_of_work, incident, "db-choose")
    assert "does not wait for values" in cli("answer", run, "replica=db-2").err
    new_executor(unit_of_work).run(RUNBOOK, run)
    asked = cli("status", run).out
    assert "waiting for values" in asked
    assert f"runbook answer {run} replica=… [weight=INTEGER]" in asked
    assert "weight must be a whole number" in cli("answer", run, "replica=db-2", "weight=two").err
    assert "replica is missing" in cli("answer", run).err
    outcome = cli("answer", run, "replica=db-2", "weight=7")
    assert outcome.status == 0, outcome.err
    assert "db-choose has the values for step which and continues." in outcome.out
    assert see(unit_of_work, run).steps[0].output["values"] == {"replica": "db-2", "weight": 7}
    assert cli("answer", run, "replica=db-3").status == 1
    assert cli("answer", run, "replica").status == 2


def test_a_freeze_is_begun_shown_and_lifted(cli: Cli, speak_as: Callable[[str], None]) -> None:
    speak_as("U0DBADMIN")
    assert cli("freeze").out == "Nothing is frozen.\n"
    begun = cli("freeze", "It's a drill: look first", "--team", "database")
    assert begun.status == 0, begun.err
    assert "database (frz_" in begun.out
    assert "It's a drill: look first" in cli("freeze").out
    thawed = cli("thaw")
    assert (thawed.status, thawed.out) == (0, "Thawed database: held runs continue.\n")
    assert cli("thaw").status == 1
    assert "is not frozen" in cli("thaw", "--team", "database").err


def test_who_may_not_freeze_is_refused_as_over_rest(cli: Cli) -> None:
    outcome = cli("freeze", "because", "--team", "database")
    assert (outcome.status, outcome.out) == (1, "")


def test_an_incident_is_opened_and_brought_forward(cli: Cli) -> None:
    opened = cli(
        "incident",
        "open",
        "Orders 'down'",
        "--team",
        "database",
        "--severity",
        "high",
        "pager=yes",
        "q=a=b",
        "--json",
    )
    assert opened.status == 0, opened.err
    incident = json.loads(opened.out)["incident"]
    assert (incident["title"], incident["labels"]) == ("Orders 'down'", {"pager": "yes", "q": "a=b"})
    number = f"inc-{incident['number']}"
    assert "Orders 'down'" in cli("incident", "list").out
    assert cli("incident", "list", "--status", "closed").out == "No incidents.\n"
    assert "pager=yes" in cli("incident", "show", number).out
    for verb, done in (("ack", "acknowledged"), ("resolve", "resolved"), ("close", "closed")):
        assert done in cli("incident", verb, number).out
    again = cli("incident", "ack", number)
    assert (again.status, again.err.startswith("runbook: ")) == (1, True)


def test_an_incident_is_escalated_and_noted_as_it_is_written(cli: Cli, incident: Incident) -> None:
    assert "critical" in cli("incident", "escalate", incident.id, "critical").out
    noted = cli("incident", "note", incident.id, NOTE, "--json")
    assert noted.status == 0, noted.err
    assert json.dumps(NOTE) in json.dumps(json.loads(noted.out))


@pytest.mark.parametrize(
    "arguments",
    [
        ("incident", "open", "x"),
        ("incident", "open", "x", "--team", "database", "no-label"),
        ("incident", "open", "x", "--team", "database", "--severity", "awful"),
        ("incident", "escalate", "inc-1", "awful"),
        ("incident", "list", "--status", "gone"),
    ],
)
def test_wrong_usage_is_status_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli(*arguments).status == 2


def test_the_version_is_printed() -> None:
    status, printed = really_said({}, "--version")
    assert status == 0
    assert printed.startswith("runbook ")
    assert printed.count("\n") == 1
