"""The `values` of a runbook: computed by the first worker, the same for the whole run and for its retries."""

from datetime import timedelta

from sqlalchemy import select, update

from core.services.access.people import load_person
from core.services.executions.loading import LEASE
from core.services.runs.retries import retry
from core.statuses import Status, WaitingFor
from core.tables import Approval, Incident, Notice, RunbookExecution, StepExecution
from tests.integration.core.world import CoreWorld
from tests.world import apply_documents, start_run

HEAD = """
kind: runbook
name: tried
team: database
parameters: {properties: {host: {type: string, default: db-1}, bad: {type: boolean, default: false}}}
values:
  base: '"https://" + params.host'
  severity: incident.severity
  both: values.base + "/" + values.severity
  run: execution.id
steps:
"""
TOLD = '  - {id: %s, type: message, text: "{{ values.both }}"}\n'
PAUSE = "  - {id: pause, type: wait, for: 1m}\n"
FAIL = "  - {id: stop, type: fail, message: No.}\n"


def begin(world: CoreWorld, *steps: str, head: str = HEAD, **parameters: object) -> str:
    apply_documents(world.unit_of_work, head + "".join(steps))
    return start_run(world.unit_of_work, world.incident, "tried", "U0DBOPS", **parameters)


def told(world: CoreWorld) -> list[str]:
    with world.unit_of_work.begin() as work:
        notices = select(Notice).where(Notice.kind == "message").order_by(Notice.number)
        return [str(notice.content["text"]) for notice in work.session.scalars(notices)]


def escalate(world: CoreWorld) -> None:
    with world.unit_of_work.begin() as work:
        work.session.execute(update(Incident).values(severity="critical", title="Other"))


def test_steps_read_them_and_each_sees_those_before_it(world: CoreWorld) -> None:
    run = begin(world, TOLD % "told")
    assert world.see(run).values is None
    world.work()
    assert told(world) == ["https://db-1/medium"]
    expected = {"base": "https://db-1", "severity": "medium", "both": "https://db-1/medium", "run": run}
    assert world.see(run).values == expected
    assert list(world.see(run).values or ()) == ["base", "severity", "both", "run"]


def test_they_stay_the_same_when_the_incident_changes(world: CoreWorld) -> None:
    begin(world, TOLD % "first", PAUSE, TOLD % "second")
    world.work()
    escalate(world)
    world.pass_by(minutes=2)
    world.work()
    assert told(world) == ["https://db-1/medium", "https://db-1/medium"]


def test_what_changes_before_a_worker_takes_the_run_counts(world: CoreWorld) -> None:
    begin(world, TOLD % "told")
    escalate(world)
    world.work()
    assert told(world) == ["https://db-1/critical"]


def test_a_retry_carries_them_over(world: CoreWorld) -> None:
    run = begin(world, TOLD % "told", FAIL)
    world.work()
    escalate(world)
    with world.unit_of_work.begin() as work:
        new = retry(work, load_person(work, "U0DBOPS", source="test"), run).id
    world.work()
    assert (world.see(new).values, world.see(new).status) == (world.see(run).values, Status.FAILED)


def test_a_worker_that_is_lost_after_the_claim_loses_none(world: CoreWorld) -> None:
    run = begin(world, TOLD % "told")
    world.work()
    before = world.see(run).values
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, run)
        row.status, row.finished_at, row.worker = "running", None, "lost"
        row.wake_at = work.now - LEASE - timedelta(seconds=1)
        step = work.session.get_one(StepExecution, (run, 0))
        step.status, step.finished_at = "pending", None
    escalate(world)
    world.pass_by(minutes=1)
    world.work()
    assert (world.see(run).values, told(world)[-1]) == (before, "https://db-1/medium")


def test_a_value_that_fails_ends_the_run_before_its_first_step(world: CoreWorld) -> None:
    wrong = HEAD.replace("run: execution.id", "run: 'params.bad ? string(1 / int(0)) : \"\"'")
    wrong = wrong.replace("int(0)", "int(size(incident.description))")
    run = begin(world, TOLD % "told", head=wrong, bad=True)
    world.work()
    seen = world.see(run)
    assert (seen.status, seen.steps[0].status, told(world)) == (Status.FAILED, Status.PENDING, [])
    assert "Its values cannot be computed, so no step was started. values.run:" in str(seen.error)
    assert begin(world, TOLD % "told", head=wrong)
    world.work()
    assert told(world) == ["https://db-1/medium"]


def test_values_that_are_too_large_end_the_run(world: CoreWorld) -> None:
    large = HEAD.replace("run: execution.id", "run: params.host + params.host")
    run = begin(world, TOLD % "told", head=large, host="x" * 40_000)
    world.work()
    assert "characters of JSON, more than 65,536" in str(world.see(run).error)


def test_a_gate_shows_what_they_came_to_and_its_digest_has_them(world: CoreWorld) -> None:
    digests = []
    for host in ("db-1", "db-2"):
        gate = "  - {id: gate, type: approval, approvers: {team: database}}\n"
        run = begin(world, gate, TOLD % "told", host=host)
        world.work()
        assert world.see(run).waiting_for is WaitingFor.APPROVAL
        with world.unit_of_work.begin() as work:
            approval = work.session.query(Approval).filter_by(execution_id=run).one()
            assert f"https://{host}/medium" in str(approval.shown)
            digests.append(approval.digest)
        world.decide(run, approved=True)
        world.work()
        assert world.see(run).status is Status.SUCCEEDED
    assert digests[0] != digests[1]


SECRET = HEAD.replace("bad: {", "token: {type: string, writeOnly: true, default: ''}, bad: {").replace(
    "base: '\"https://\" + params.host'", "base: '\"https://\" + string(size(params.host))'"
)


def test_a_secret_parameter_is_masked_even_in_a_stored_definition_that_uses_it(world: CoreWorld) -> None:
    """Validation refuses it, so this definition is one that was never validated."""
    run = begin(world, TOLD % "told", head=SECRET, token="very-secret-token")
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, run)
        row.definition = row.definition | {"values": {"both": "params.token"}}
    world.work()
    assert world.see(run).values == {"both": "***"}
    assert told(world) == ["***"]


ASKING = """
  - id: which
    type: input
    message: "With {{ params.token }}, which of {{ values.both }}?"
    schema: {properties: {host: {type: string}}}
    defaults: {host: "{{ params.host }}"}
"""


def test_a_question_shows_no_secret_parameter(world: CoreWorld) -> None:
    run = begin(world, ASKING, head=SECRET, token="very-secret-token")
    world.work()
    asked = world.see(run).input
    assert asked is not None
    assert asked.message == "With ***, which of https://4/medium?"
    assert "very-secret-token" not in str(world.see(run))
    assert asked.values_schema["properties"]["host"]["default"] == "db-1"
