"""After an upgrade, older runs and gates still know their initiators, as far as these were recorded."""

from importlib import import_module

from sqlalchemy import text

from core.tables import Approval, IncidentEvent, RunbookExecution
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, Deployment
from tests.attacks.gates import GATED, approve, comes_of_age, execute, gate_of, manual, open_gate, seen
from tests.attacks.test_initiators import CHAIN

MIGRATION = import_module("migrations.versions.0010_initiators_and_what_gates_show")
AGED = """
kind: workflow
name: aged
team: data
trigger: {on: incident.age, minutes: 1}
actions:
  - {id: go, type: runbook, runbook: gated}
"""
FORGOTTEN = (
    "UPDATE incident_events SET initiators = '[]'",
    "UPDATE runbook_executions SET initiators = '[]'",
    "UPDATE approvals SET policy = policy - 'initiators', shown = NULL, digest = NULL",
)


def known(deployment: Deployment) -> dict[str, set[tuple[str, str]]]:
    """Who is kept where."""
    with deployment.unit_of_work.begin() as work:
        rows = [*work.session.query(IncidentEvent), *work.session.query(RunbookExecution)]
        found = {row.id: {(each["who"], each["as"]) for each in row.initiators} for row in rows}
        for gate in work.session.query(Approval).filter_by(status="open"):
            found[gate.id] = {(each["who"], each["as"]) for each in gate.policy.get("initiators", [])}
        return found


def upgrade(deployment: Deployment) -> None:
    """The database as the release before left it, and then what the migration fills in."""
    with deployment.unit_of_work.begin() as work:
        for statement in FORGOTTEN:
            work.session.execute(text(statement))
        fill = MIGRATION
        for statement in (fill.BY_PEOPLE, fill.BY_AGE):
            work.session.execute(text(statement))
        for depth in range(1, fill.MOST_DEPTH + 1):
            work.session.execute(text(fill.BY_WORKFLOWS), {"depth": depth})
        later = (fill.RUNS_OF_PEOPLE, fill.RUNS_OF_WORKFLOWS, fill.RETRIES, fill.OPEN_GATES, fill.SHOWN_ANEW)
        for statement in later:
            work.session.execute(text(statement))


def test_what_was_written_down_is_known_again(deployment: Deployment) -> None:
    """Red before: after the upgrade the gate of a chain of workflows was open to who had started the chain."""
    deployment.apply(GATED)
    deployment.apply(CHAIN)
    chained = deployment.incident("data").id
    manual(deployment, DATA_ADMIN, "raise", chained)
    first = execute(deployment, DATA_OPS, "gated", deployment.incident("data").id)
    deployment.rest(DATA_OPS).post(f"/api/runbooks/executions/{first}/cancel")
    assert deployment.rest(DATA_ADMIN).post(f"/api/runbooks/executions/{first}/retry").status_code == 201
    deployment.work()
    deployment.apply(AGED)
    comes_of_age(deployment, deployment.incident("data", opened_by=DATA_ADMIN).id)
    before = known(deployment)
    assert {who for kept in before.values() for who, _ in kept} >= {DATA_ADMIN, DATA_OPS}
    upgrade(deployment)

    assert known(deployment) == before
    assert approve(deployment, DATA_ADMIN, open_gate(deployment, chained)).status_code == 403
    retried = gate_of(deployment, str(seen(deployment, first)["retried_as"]))
    assert [approve(deployment, who, retried).status_code for who in (DATA_ADMIN, DATA_OPS)] == [403, 403]
