"""Running from a terminal."""

import json
from collections.abc import Callable

import pytest

from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.cli.conftest import Cli
from tests.conftest import RecordedJobs
from tests.world import new_executor, new_incident, see, start_run, work_off


def started(cli: Cli, incident: Incident, *words: str) -> str:
    """The id of a run of db-check."""
    outcome = cli("run", "db-check", "--incident", incident.id, "cluster=orders", *words, "--json")
    assert outcome.status == 0, outcome.err
    return str(json.loads(outcome.out)["execution"]["id"])


def test_a_run_is_asked_for_and_its_id_told(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    outcome = cli("run", "db-check", "--incident", f"inc-{incident.number}", "cluster=orders")

    assert outcome.status == 0
    assert f"db-check v1 for inc-{incident.number} (rbx_" in outcome.out
    with unit_of_work.begin() as work:
        assert work.session.query(RunbookExecution).count() == 1


def test_a_dry_run_tells_the_plan_and_starts_nothing(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    outcome = cli("run", "db-check", "--incident", incident.id, "cluster=orders", "--dry-run")

    assert outcome.status == 0, outcome.err
    assert "pause" in outcome.out
    assert "Requested" not in outcome.out
    with unit_of_work.begin() as work:
        assert work.session.query(RunbookExecution).count() == 0


def test_parameters_have_the_types_of_the_schema(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    run = started(cli, incident, "depth=3")

    assert see(unit_of_work, run).parameters == {"cluster": "orders", "depth": 3}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["cluster=orders", "depth=deep"], "a whole number"),
        (["cluster=payments"], "cluster"),
        (["claster=orders"], "claster"),
        ([], "cluster"),
    ],
)
def test_a_wrong_parameter_is_refused_in_a_sentence(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, words: list[str], sentence: str
) -> None:
    outcome = cli("run", "db-check", "--incident", incident.id, *words)

    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith("runbook: ")
    assert sentence in outcome.err
    with unit_of_work.begin() as work:
        assert work.session.query(RunbookExecution).count() == 0


def test_a_definition_that_is_not_approved_is_refused(cli: Cli, incident: Incident) -> None:
    outcome = cli("run", "db-draft", "--incident", incident.id)

    assert outcome.status == 1
    assert "db-draft" in outcome.err
    assert "approved" in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "db-check"),
        ("run", "db-check", "--incident", "1", "no-pair"),
        ("run",),
        ("cancel",),
        ("approve",),
        ("status", "a", "b"),
        ("list", "--no-such-option"),
    ],
)
def test_wrong_usage_is_status_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    outcome = cli(*arguments)

    assert (outcome.status, outcome.out) == (2, "")
    assert "Usage: " in outcome.err


def test_the_status_of_a_run_shows_its_steps(cli: Cli, incident: Incident) -> None:
    run = started(cli, incident)
    outcome = cli("status", run)

    assert outcome.status == 0
    assert outcome.out.startswith("db-check v1, pending")
    assert [run in outcome.out, "cluster=orders" in outcome.out, "U0DBOPS" in outcome.out] == [True] * 3
    [step] = [line.split() for line in outcome.out.splitlines() if line.startswith("pause")]
    assert step == ["pause", "wait", "pending"]
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_the_status_of_an_incident_lists_its_runs(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    run = started(cli, incident)
    elsewhere = started(cli, new_incident(unit_of_work))
    cli("cancel", run)
    outcome = cli("status", f"inc-{incident.number}")

    assert run in outcome.out
    assert "cancelled" in outcome.out
    assert elsewhere not in outcome.out


def test_the_status_without_an_id_lists_what_runs_now(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    over, first = started(cli, incident), started(cli, incident)
    cli("cancel", over)
    second = started(cli, new_incident(unit_of_work))

    listed = json.loads(cli("status", "--json").out)["executions"]

    assert {execution["id"] for execution in listed} == {first, second}
    assert [over in cli("status").out, second in cli("status").out] == [False, True]


def test_where_nothing_runs_it_says_so(cli: Cli, incident: Incident) -> None:
    assert cli("status").out == "There are no active runs.\n"
    assert cli("status", incident.id).out == f"There are no runs for {incident.id} yet.\n"


def test_a_run_is_cancelled_once(cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory) -> None:
    run = started(cli, incident)

    assert cli("cancel", run).out == "db-check is cancelled.\n"
    again = cli("cancel", run)

    assert see(unit_of_work, run).status == "cancelled"
    assert (again.status, again.err) == (1, "runbook: This run has already ended: cancelled.")


def test_another_teams_run_is_not_there(
    cli: Cli, incident: Incident, speak_as: Callable[[str], None]
) -> None:
    run = started(cli, incident)
    speak_as("U0WEB")

    assert (cli("status", run).status, cli("cancel", run).status) == (1, 1)
    assert cli("status", run).err == f"runbook: There is no execution {run}."


def waiting_gate(unit_of_work: UnitOfWorkFactory, jobs: RecordedJobs, incident: Incident) -> tuple[str, str]:
    """A run that waits for an approval, and the approval's id."""
    run = start_run(unit_of_work, incident, "db-failover", person="U0DBADMIN")
    work_off(unit_of_work, new_executor(unit_of_work), jobs.enqueued)
    gate = see(unit_of_work, run).approval
    assert gate is not None
    return run, gate.id


def test_the_status_says_how_to_approve(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    run, gate = waiting_gate(unit_of_work, recorded_jobs, incident)
    shown = cli("status", run).out

    assert "waiting for approval" in shown
    assert "0 of 1 approval" in shown
    assert "a responder of team database" in shown
    digest = see(unit_of_work, run).approval.digest[:16]  # type: ignore[union-attr, index]  # it waits there
    assert f"  runbook approve {gate} --digest {digest}\n" in shown
    assert f"  runbook reject {gate} --digest {digest}\n" in shown
    assert "Sent once approved:" in shown


def test_what_was_shown_is_what_is_approved(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    _, gate = waiting_gate(unit_of_work, recorded_jobs, incident)

    assert (
        "The approval request has changed since you saw it." in cli("approve", gate, "--digest", "0" * 16).err
    )


def test_an_approval_lets_the_run_go_on(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    run, gate = waiting_gate(unit_of_work, recorded_jobs, incident)

    assert cli("approve", gate).out == f"Approved (run {run}, step gate).\n"
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    assert see(unit_of_work, run).status == "succeeded"
    assert cli("approve", gate).err.startswith("runbook: Approved by <@U0DBOPS> at ")


def test_a_rejection_ends_the_run_and_keeps_its_reason(
    cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    run, gate = waiting_gate(unit_of_work, recorded_jobs, incident)
    outcome = cli("reject", gate, "--reason", "not now", "--json")

    [decision] = json.loads(outcome.out)["approval"]["decisions"]
    assert (decision["approved"], decision["reason"]) == (False, "not now")
    assert see(unit_of_work, run).status == "failed"


def test_who_asked_may_not_approve(
    cli: Cli,
    incident: Incident,
    unit_of_work: UnitOfWorkFactory,
    recorded_jobs: RecordedJobs,
    speak_as: Callable[[str], None],
) -> None:
    run, gate = waiting_gate(unit_of_work, recorded_jobs, incident)
    speak_as("U0DBADMIN")
    outcome = cli("approve", gate)

    assert (outcome.status, outcome.out) == (1, "")
    assert "somebody else must approve it" in outcome.err
    assert see(unit_of_work, run).status == "waiting"


def test_a_run_is_retried(cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory) -> None:
    run = started(cli, incident)
    cli("cancel", run)
    outcome = cli("retry", run)

    assert outcome.status == 0, outcome.err
    assert f"a retry of {run}" in outcome.out
    refused = cli("retry", run, "--from", "pause")
    assert (refused.status, "Only an admin of team database" in refused.err) == (1, True)
