"""A small company: two teams, their runbooks, an incident in a channel."""

from typing import Any

from core.decisions.people import Person
from core.definitions.runbook import RunbookDefinition
from core.definitions.team import TeamDefinition
from core.execution.executor import Executor
from core.execution.preparation import Ports
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller
from core.services.access.teams import apply_team
from core.services.executions.kinds import RUNBOOK
from core.services.incidents.opening import NewIncident, open_incident
from core.services.library.runbooks import apply_runbook, find_runbook
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.services.starts.runbook_starts import Start, start_by_person
from core.tables import Approval, Incident, RunbookExecution, StepExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.world import approve_runbook, secrets_of

ADMIN = Person("U0ADMIN", is_platform_admin=True, source="test")
DB_ADMIN, DB_OPS, WEB_OPS, BOTH_OPS, NOBODY = "U0DBADMIN", "U0DBOPS", "U0WEBOPS", "U0BOTHOPS", "U0NOBODY"
DB_CHANNEL, QUIET_CHANNEL = "C0DB", "C0QUIET"

TEAMS = {
    "database": {DB_ADMIN: "admin", DB_OPS: "responder", BOTH_OPS: "responder"},
    "web": {WEB_OPS: "responder", BOTH_OPS: "responder"},
}
GATE = {"id": "gate", "type": "approval", "approvers": {"team": "database", "role": "admin"}}
WAIT = {"id": "pause", "type": "wait", "for": "1h"}
CLUSTER = {
    "type": "object",
    "required": ["cluster"],
    "properties": {
        "cluster": {"type": "string", "enum": ["orders", "users"], "description": "Which cluster"},
        "reason": {"type": "string", "default": ""},
    },
}


def set_up(unit_of_work: UnitOfWorkFactory) -> None:
    """Teams, an incident of team database in its channel, and approved runbooks."""
    with unit_of_work.begin() as work:
        for name, members in TEAMS.items():
            listed = [{"slack": who, "role": role} for who, role in members.items()]
            apply_team(
                work, ADMIN, TeamDefinition.model_validate({"kind": "team", "name": name, "members": listed})
            )
        new = NewIncident("Orders DB down", "database", slack_channel=DB_CHANNEL)
        open_incident(work, ADMIN, new)
    add_runbook(unit_of_work, "db-failover", team="database", parameters=CLUSTER, steps=[GATE, WAIT])
    add_runbook(unit_of_work, "web-restart", team="web", steps=[WAIT])
    add_runbook(unit_of_work, "say-hello", steps=[WAIT])


def add_runbook(unit_of_work: UnitOfWorkFactory, name: str, *, approved: bool = True, **fields: Any) -> None:
    document = {"kind": "runbook", "name": name, **fields}
    with unit_of_work.begin() as work:
        runbook = apply_runbook(work, ADMIN, RunbookDefinition.model_validate(document))
        if approved:
            approve_runbook(work, ADMIN, runbook, own_version_allowed=True)


def the_incident(unit_of_work: UnitOfWorkFactory) -> Incident:
    with unit_of_work.begin() as work:
        return work.session.query(Incident).filter_by(slack_channel=DB_CHANNEL).one()


def executions(unit_of_work: UnitOfWorkFactory) -> list[RunbookExecution]:
    with unit_of_work.begin() as work:
        return work.session.query(RunbookExecution).order_by(RunbookExecution.created_at).all()


def start(unit_of_work: UnitOfWorkFactory, name: str, user: str, **parameters: str) -> str:
    """Start a runbook as a person would; answers the execution's id."""
    with unit_of_work.begin() as work:
        incident = work.session.query(Incident).filter_by(slack_channel=DB_CHANNEL).one()
        person = Person(user, is_platform_admin=True)
        return start_by_person(work, person, Start(find_runbook(work, person, name), incident, parameters)).id


def work_on(unit_of_work: UnitOfWorkFactory, execution_id: str) -> None:
    """What a worker does with it, until it waits or ends."""
    ports = Ports(HttpCaller(EgressPolicy()), None, secrets_of(unit_of_work, {}))
    Executor(unit_of_work, ports, "worker").run(RUNBOOK, execution_id)
    ports.http.close()


def gate_of(unit_of_work: UnitOfWorkFactory, user: str) -> Approval:
    """A gate of a run that the user asked for, which waits there."""
    execution_id = start(unit_of_work, "db-failover", user, cluster="orders")
    work_on(unit_of_work, execution_id)
    return gates(unit_of_work, execution_id)[0]


def gates(unit_of_work: UnitOfWorkFactory, execution_id: str) -> list[Approval]:
    with unit_of_work.begin() as work:
        found = work.session.query(Approval).filter_by(execution_id=execution_id).all()
        for gate in found:
            assert gate.decisions is not None  # loaded while there is a session
        return found


def pressed(gate: Approval) -> str:
    """What the buttons of the gate's message carry."""
    assert gate.digest is not None
    return f"{gate.id}:{gate.digest[:16]}"


def lost_in_step(unit_of_work: UnitOfWorkFactory, user: str) -> str:
    """An execution whose worker died within a step, so that people are asked; answers its id."""
    execution_id = start(unit_of_work, "say-hello", user)
    with unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, execution_id)
        row.status, row.waiting_for, row.wake_at = "waiting", "verdict", None
        step = work.session.get_one(StepExecution, (execution_id, 0))
        step.status, step.attempt, step.started_at = "unknown", 1, work.now
        asks = {"position": 0, "attempt": 1}
        notices.enqueue_notice(
            work, NewNotice(NoticeKind.VERDICT, execution_id, row.incident_id, key="0.1", content=asks)
        )
    return execution_id
