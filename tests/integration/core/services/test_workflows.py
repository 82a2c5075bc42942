"""Workflows: what starts them, how often, what they do, and how their runbooks are tagged."""

import pytest
from sqlalchemy import func, select

from core.services.access.people import load_person
from core.services.executions.kinds import WORKFLOW
from core.services.incidents.changes import happened
from core.services.incidents.opening import change_status, find_incident
from core.services.starts.workflow_starts import start_matching_workflows, start_workflow_by_person
from core.statuses import IncidentStatus, Severity, Status
from core.tables import (
    ActionExecution,
    Approval,
    AuditEntry,
    Incident,
    IncidentEvent,
    Notice,
    RunbookExecution,
    Workflow,
    WorkflowExecution,
)
from tests.integration.core.world import CoreWorld, SilentTarget
from tests.world import Target, apply_documents, new_executor, new_incident

SAY = "actions: [{id: say, type: message, text: 'Look at {{ incident.title }}'}]"
RUNBOOK = """
kind: runbook
name: {name}
{team}
parameters:
  type: object
  required: [cluster]
  properties: {{cluster: {{type: string, enum: [orders, users]}}}}
steps:
  - {{id: say, type: message, text: "{{{{ params.cluster }}}}"}}
"""
START = "actions: [{id: start, type: runbook, runbook: restart, parameters: {cluster: orders}}, %s]"
THEN_SAY = "{id: say, type: message, text: '{{ actions.start.output.execution_id }}'}"


def workflow(name: str, rest: str = SAY, on: str = "incident.created", **values: str) -> str:
    more = "".join(f"{key}: {value}\n" for key, value in values.items())
    return f"kind: workflow\nname: {name}\ntrigger: {{on: {on}}}\n{more}{rest}"


def apply(world: CoreWorld, *documents: str) -> None:
    apply_documents(world.unit_of_work, "\n---\n".join(documents))


def runbook(name: str = "restart", team: str = "database") -> str:
    return RUNBOOK.format(name=name, team=f"team: {team}" if team else "")


def executions(world: CoreWorld) -> list[WorkflowExecution]:
    with world.unit_of_work.begin() as work:
        query = select(WorkflowExecution).order_by(WorkflowExecution.workflow_name)
        return list(work.session.scalars(query))


def only(world: CoreWorld) -> WorkflowExecution:
    (execution,) = executions(world)
    return execution


def messages(world: CoreWorld) -> list[str]:
    with world.unit_of_work.begin() as work:
        found = work.session.scalars(select(Notice).where(Notice.kind == "message").order_by(Notice.number))
        return [notice.content["text"] for notice in found]


# What starts them ----------------------------------------------------------------------------------


def test_an_incident_starts_what_fits_and_nothing_else(world: CoreWorld) -> None:
    apply(
        world,
        workflow("ours", team="database"),
        workflow("everybodys"),
        workflow("theirs", team="web"),
        workflow("disabled", enabled="false"),
        workflow("by-hand", on="manual"),
        workflow("critical", when="incident.severity == 'critical'"),
        workflow("calm", when="incident.severity == 'low'"),
    )
    new_incident(world.unit_of_work, severity=Severity.CRITICAL)
    assert [row.workflow_name for row in executions(world)] == ["critical", "everybodys", "ours"]
    world.work()
    assert {row.status for row in executions(world)} == {Status.SUCCEEDED}
    assert messages(world) == ["Look at Orders down"] * 3


def test_workflows_are_started_in_the_transaction_of_the_incident(world: CoreWorld) -> None:
    apply(world, workflow("ours"))
    incident = new_incident(world.unit_of_work)
    row = only(world)
    assert (row.incident_id, row.requested_by, row.status) == (incident.id, "U0DBOPS", Status.PENDING)
    assert world.jobs == [("workflow", row.id)]
    with world.unit_of_work.begin() as work:
        event = work.session.get_one(IncidentEvent, row.event_id)
        assert (event.type, event.incident_id) == ("incident.created", incident.id)


def test_one_event_starts_a_workflow_once(world: CoreWorld) -> None:
    apply(world, workflow("ours"))
    new_incident(world.unit_of_work)
    row = only(world)
    with world.unit_of_work.begin() as work:
        incident = work.session.get_one(Incident, row.incident_id)
        start_matching_workflows(work, incident, work.session.get_one(IncidentEvent, row.event_id))
    assert [again.id for again in executions(world)] == [row.id]


@pytest.mark.parametrize(("once", "expected"), [("true", 1), ("false", 2)])
def test_once_per_incident_is_once_however_many_events_there_are(
    world: CoreWorld, once: str, expected: int
) -> None:
    apply(world, workflow("ours", once_per_incident=once))
    new_incident(world.unit_of_work)
    with world.unit_of_work.begin() as work:
        incident = work.session.get_one(Incident, only(world).incident_id)
        happened(work, incident, "incident.created", "U0DBOPS", {}, initiators=())
    assert len(executions(world)) == expected
    new_incident(world.unit_of_work)
    assert len(executions(world)) == expected + 1


def test_a_condition_that_cannot_be_evaluated_gives_a_failed_execution(world: CoreWorld) -> None:
    apply(world, workflow("broken", when="int(incident.labels.count) > 3"), workflow("works"))
    new_incident(world.unit_of_work, labels={"count": "many"})
    broken, works = executions(world)
    assert (broken.status, works.status) == (Status.FAILED, Status.PENDING)
    assert str(broken.error).startswith("Its condition could not be evaluated: ")
    assert world.jobs == [("workflow", works.id)]
    assert any("broken" in message and "could not be evaluated" in message for message in messages(world))


def test_a_workflow_started_by_hand_starts_once_for_each_key(world: CoreWorld) -> None:
    apply(world, workflow("by-hand", on="manual"))

    def start(key: str) -> str:
        with world.unit_of_work.begin() as work:
            person = load_person(work, "U0DBOPS", source="test")
            found = work.session.scalars(select(Workflow)).one()
            incident = work.session.get_one(Incident, world.incident.id)
            return start_workflow_by_person(work, person, found, incident, key)

    assert start("a") == start("a") != start("b")
    world.work()
    assert {row.status for row in executions(world)} == {Status.SUCCEEDED}


def test_a_change_of_status_is_an_event_of_the_incident(world: CoreWorld) -> None:
    with world.unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        incident = find_incident(work, person, world.incident.id)
        change_status(work, person, incident, IncidentStatus.ACKNOWLEDGED)
    with world.unit_of_work.begin() as work:
        events = work.session.scalars(select(IncidentEvent).order_by(IncidentEvent.number)).all()
        assert [event.type for event in events] == ["incident.created", "incident.status_changed"]
        assert events[1].details == {"from": "open", "to": "acknowledged"}


# What they do --------------------------------------------------------------------------------------


def test_the_runbook_action_starts_a_tagged_execution_and_goes_on(world: CoreWorld) -> None:
    apply(world, runbook(), workflow("ours", START % THEN_SAY, team="database"))
    new_incident(world.unit_of_work)
    row = only(world)
    world.executor.run(WORKFLOW, row.id)
    with world.unit_of_work.begin() as work:
        started = work.session.scalars(select(RunbookExecution)).one()
        assert (started.workflow_execution_id, started.requested_by) == (row.id, "workflow:ours")
        assert (started.incident_id, started.parameters) == (row.incident_id, {"cluster": "orders"})
        assert started.status == Status.PENDING
        assert world.jobs == [("workflow", row.id), ("runbook", started.id)]
        actions = work.session.scalars(select(ActionExecution).order_by(ActionExecution.position)).all()
        assert actions[0].output == {"execution_id": started.id, "runbook": "restart"}
        entry = work.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == started.id)).one()
        assert (entry.actor, entry.source) == ("workflow:ours", "workflow")
    assert only(world).status == Status.SUCCEEDED
    assert messages(world) == [started.id]


def test_the_runbook_action_starts_its_runbook_once_even_if_it_is_done_again(world: CoreWorld) -> None:
    apply(world, runbook(), workflow("ours", START % THEN_SAY))
    new_incident(world.unit_of_work)
    row = only(world)
    world.executor.run(WORKFLOW, row.id)
    with world.unit_of_work.begin() as work:
        connection = work.session.connection()
        connection.exec_driver_sql("UPDATE action_executions SET status = 'pending', attempt = 0")
        again = "UPDATE workflow_executions SET status = 'pending', wake_at = now() - interval '1 minute'"
        connection.exec_driver_sql(again)
    world.executor.run(WORKFLOW, row.id)
    with world.unit_of_work.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(RunbookExecution)) == 1
    assert only(world).status == Status.SUCCEEDED


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ([runbook(team="web")], "There is no runbook restart for incidents of team database."),
        ([], "There is no runbook restart for incidents of team database."),
        ([runbook().replace("orders, users", "users")], "cluster"),
    ],
    ids=["team", "missing", "parameters"],
)
def test_a_runbook_that_may_not_run_fails_the_workflow_and_the_channel_is_told(
    world: CoreWorld, documents: list[str], reason: str
) -> None:
    apply(world, runbook(), workflow("ours", START % THEN_SAY))
    with world.unit_of_work.begin() as work:
        work.session.connection().exec_driver_sql("UPDATE runbooks SET name = 'other'")
    for document in documents:
        apply(world, document)
    new_incident(world.unit_of_work)
    world.work()
    row = only(world)
    assert row.status == Status.FAILED
    assert reason in str(row.error)
    assert [message for message in messages(world) if "ours" in message and reason in message]
    with world.unit_of_work.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(RunbookExecution)) == 0


def test_a_draft_is_not_started_by_a_workflow(world: CoreWorld) -> None:
    apply_documents(world.unit_of_work, runbook(), approve=False)
    apply(world, workflow("ours", START % THEN_SAY, team="database").replace("%", "%%"))
    new_incident(world.unit_of_work)
    world.work()
    assert "only an approved version runs" in str(only(world).error)


def test_a_failed_runbook_action_leaves_nothing_of_its_deed(world: CoreWorld) -> None:
    apply(world, runbook(team="web"), workflow("ours", START % THEN_SAY))
    before = len(messages(world))
    new_incident(world.unit_of_work)
    world.work()
    assert len(messages(world)) == before + 1
    with world.unit_of_work.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(Approval)) == 0
        requested = select(AuditEntry).where(AuditEntry.action == "runbook_execution.requested")
        assert work.session.scalars(requested).all() == []


def test_a_webhook_is_called_with_the_key_of_its_execution(world: CoreWorld, target: Target) -> None:
    hook = f"actions: [{{id: page, type: webhook, url: '{target.url}/page', json: {{who: '{{{{ incident.team }}}}'}}}}]"
    apply(world, workflow("ours", hook))
    new_incident(world.unit_of_work)
    world.work()
    assert target.calls == [("POST", "/page", f"{only(world).id}.page")]


def test_a_webhook_without_an_answer_ends_the_workflow_and_the_channel_is_told(
    world: CoreWorld, silent: SilentTarget
) -> None:
    """Nobody gives verdicts on actions, so a workflow must not wait for one."""
    apply(world, workflow("ours", f"actions: [{{id: page, type: webhook, url: '{silent.url}'}}]"))
    new_incident(world.unit_of_work)
    world.work()
    row = only(world)
    assert (row.status, row.waiting_for, row.wake_at) == (Status.FAILED, None, None)
    with world.unit_of_work.begin() as work:
        assert work.session.scalars(select(ActionExecution)).one().status == Status.UNKNOWN
    assert any(f"Workflow *ours* v1 ({row.id}) failed" in message for message in messages(world))
    assert len(silent.keys) == 1


def test_a_workflow_whose_worker_died_is_finished_by_the_next(world: CoreWorld) -> None:
    apply(world, workflow("ours"))
    new_incident(world.unit_of_work)
    world.jobs.clear()
    world.pass_by(seconds=6)
    assert only(world).status == Status.SUCCEEDED


def test_a_workflow_executions_end_is_in_the_audit_trail(world: CoreWorld) -> None:
    apply(world, workflow("ours"))
    new_incident(world.unit_of_work)
    new_executor(world.unit_of_work).run(WORKFLOW, only(world).id)
    with world.unit_of_work.begin() as work:
        of_it = select(AuditEntry).where(AuditEntry.subject_id == only(world).id)
        entry = work.session.scalars(of_it.where(AuditEntry.action == "workflow_execution.ended")).one()
        change = {"before": {"status": "pending"}, "after": {"status": "succeeded"}}
        assert entry.details == {"status": "succeeded", "error": None, **change}
