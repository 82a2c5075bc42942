"""A database with as many executions as one wants, made by PostgreSQL itself."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import text

from cli.apply import apply_text
from core.clock import SystemClock
from core.unit_of_work import UnitOfWorkFactory

ADMIN, MEMBER = "U0BENCH", "U0MEMBER"  # of the platform; of one team
TEAMS, RUNBOOKS, WORKFLOWS = 20, 50, 5
PER_INCIDENT = 50
STEPS = ("lag", "gate", "promote", "verify")
YEAR = timedelta(days=365)

TEAM = """kind: team
name: team-{number}
members: [{{slack: U0BENCH, role: admin}}, {{slack: {second}, role: responder}}]
"""
RUNBOOK = """kind: runbook
name: runbook-{number}
{owner}steps:
  - {{id: lag, type: message, text: looked}}
  - {{id: gate, type: approval}}
  - {{id: promote, type: message, text: promoted}}
  - {{id: verify, type: message, text: verified}}
"""
WORKFLOW = """kind: workflow
name: workflow-{number}
trigger: {{on: incident.created}}
actions:
  - {{id: tell, type: message, text: opened}}
  - {{id: again, type: message, text: still open}}
"""
AGED = """kind: workflow
name: aged
trigger: {on: incident.age, minutes: 30}
actions: [{id: tell, type: message, text: old}]
"""

# Three in ten are of the first team. The newest hundredth is not closed.
INCIDENTS = """
INSERT INTO incidents (id, title, description, severity, team_id, labels, status, slack_channel, opened_by, created_at)
SELECT 'inc_' || n, 'Incident ' || n, '', 'high', team.id, '{}',
    CASE WHEN n * 100 > :incidents * 99 THEN 'open' ELSE 'closed' END, 'C' || n, 'U0BENCH', :begin + n * :incident_apart
FROM generate_series(1, :incidents) AS n
JOIN teams AS team ON team.name = 'team-' || CASE WHEN n % 10 < 3 THEN 1 ELSE 2 + n % (:teams - 1) END
"""
EVENTS = """
INSERT INTO incident_events (id, incident_id, type, actor, details, created_at)
SELECT 'evt_' || substr(id, 5), id, 'incident.created', opened_by, '{}', created_at FROM incidents
"""
FLOWS = """
INSERT INTO workflow_executions (id, definition, status, requested_by, created_at, started_at, finished_at,
    workflow_id, workflow_name, workflow_version, incident_id, event_id)
SELECT 'wfx_' || substr(incident.id, 5) || 'w' || substr(workflow.name, 10), workflow.definition, 'succeeded',
    'U0BENCH', incident.created_at, incident.created_at, incident.created_at + interval '2 seconds',
    workflow.id, workflow.name, 1, incident.id, 'evt_' || substr(incident.id, 5)
FROM incidents AS incident JOIN workflows AS workflow ON workflow.name LIKE 'workflow-%'
"""
ACTIONS = """
INSERT INTO action_executions (execution_id, position, step_id, type, status, attempt, started_at, finished_at)
SELECT flow.id, place - 1, name, 'message', 'succeeded', 1, flow.started_at, flow.finished_at
FROM workflow_executions AS flow CROSS JOIN unnest(ARRAY['tell', 'again']) WITH ORDINALITY AS action(name, place)
"""

# What the first team runs is the first runbook. The second one, of nobody, is a tenth of the others. Of twenty runs one
# fails, at its third step, and one is cancelled; one of five hundred waits at its gate.
EXECUTIONS = """
INSERT INTO runbook_executions (id, definition, status, waiting_for, wake_at, requested_by, created_at, started_at,
    finished_at, runbook_id, runbook_name, runbook_version, team_id, parameters, incident_id, workflow_execution_id)
SELECT 'rbx_' || n, runbook.definition,
    CASE WHEN n % 500 = 7 THEN 'waiting' WHEN n % 20 = 0 THEN 'failed' WHEN n % 20 = 1 THEN 'cancelled'
        ELSE 'succeeded' END,
    CASE WHEN n % 500 = 7 THEN 'approval' END, CASE WHEN n % 500 = 7 THEN now() + interval '1 day' END,
    'U0BENCH', moment.at, moment.at,
    CASE WHEN n % 500 <> 7 THEN moment.at + (5 + n % 97) * interval '1 second' END,
    runbook.id, runbook.name, 1, runbook.team_id, '{"cluster": "orders"}', incident.id,
    CASE WHEN n % 10 = 0 THEN 'wfx_' || substr(incident.id, 5) || 'w1' END
FROM generate_series(1, :executions) AS n
CROSS JOIN LATERAL (SELECT :begin + n * :apart AS at, 1 + (n - 1) / :per_incident AS number) AS moment
JOIN incidents AS incident ON incident.id = 'inc_' || moment.number
JOIN runbooks AS runbook ON runbook.name = 'runbook-' || CASE
    WHEN moment.number % 10 < 3 THEN 1 WHEN n % 10 = 3 THEN 2 ELSE 3 + n % (:runbooks - 2) END
"""
STEP_ROWS = """
INSERT INTO step_executions (execution_id, position, step_id, type, status, attempt, started_at, finished_at,
    output, error)
SELECT run.id, step.place - 1, step.name, 'message',
    CASE WHEN run.status = 'succeeded' OR step.place < 2 THEN 'succeeded'
        WHEN run.status = 'waiting' THEN CASE step.place WHEN 2 THEN 'waiting' ELSE 'pending' END
        WHEN step.place = 2 THEN 'succeeded'
        WHEN run.status = 'failed' AND step.place = 3 THEN 'failed' ELSE 'pending' END,
    1, run.started_at, run.finished_at, '{"ok": true}',
    CASE WHEN run.status = 'failed' AND step.place = 3 THEN 'No answer within 60 s.' END
FROM runbook_executions AS run
CROSS JOIN unnest(CAST(:steps AS text[])) WITH ORDINALITY AS step(name, place)
"""
APPROVALS = """
INSERT INTO approvals (id, execution_id, position, attempt, policy, message, status, opened_at, expires_at, closed_at)
SELECT 'apr_' || substr(id, 5), id, 1, 1, '{"requester": "U0BENCH"}', '',
    CASE status WHEN 'waiting' THEN 'open' ELSE 'approved' END, started_at, NULL, finished_at
FROM runbook_executions
"""
NOTICES = """
INSERT INTO notices (id, kind, subject_id, incident_id, priority, wanted, delivered, message_ts, due_at)
SELECT 'ntc_' || substr(id, 5), 'headline', id, incident_id, 1, 7,
    CASE WHEN row_number() OVER () % 50000 = 9 THEN 6 ELSE 7 END, '1.' || substr(id, 5), created_at
FROM runbook_executions
"""
TRAIL = """
INSERT INTO audit_entries (created_at, actor, source, action, subject_id, details, team)
SELECT created_at, 'U' || hashtext(id) % 200, 'slack',
    CASE WHEN hashtext(id) % 1000 = 0 THEN 'runbook_execution.cancelled' ELSE 'runbook_execution.requested' END,
    id, '{"before": null, "after": {"status": "pending", "runbook": "one of them"}}', runbook_name
FROM runbook_executions ORDER BY created_at
"""
# Triggers write these where they fire.
SEALS = "INSERT INTO audit_seals (number) SELECT number FROM audit_entries ON CONFLICT DO NOTHING"
ENDED = """
INSERT INTO ended_executions (execution_id)
SELECT id FROM (SELECT id, created_at FROM runbook_executions WHERE finished_at IS NOT NULL
    UNION ALL SELECT id, created_at FROM workflow_executions) AS ended ORDER BY created_at
"""
STATEMENTS = (
    INCIDENTS,
    EVENTS,
    FLOWS,
    ACTIONS,
    EXECUTIONS,
    STEP_ROWS,
    APPROVALS,
    NOTICES,
    TRAIL,
    SEALS,
    ENDED,
)


def load_everything(unit_of_work: UnitOfWorkFactory, executions: int) -> None:
    """`executions` of four steps and a gate each, over a year, fifty an incident; then ANALYZE."""
    apply_text(unit_of_work, "---\n".join(_documents()), "bench", approve=True)
    given = _sizes(executions)
    with unit_of_work.engine.begin() as connection:
        # Neither triggers nor foreign keys: rows of one's own making need no check, and it takes a third of the time.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in map(text, STATEMENTS):
            wanted = statement.compile().params
            connection.execute(statement, {name: given[name] for name in wanted})
    with unit_of_work.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _documents() -> list[str]:
    members = ["U0OTHER", MEMBER, *["U0OTHER"] * (TEAMS - 2)]
    teams = [TEAM.format(number=number, second=second) for number, second in enumerate(members, 1)]
    owners = ["team: team-1\n", *[""] * (RUNBOOKS - 1)]
    runbooks = [RUNBOOK.format(number=number, owner=owner) for number, owner in enumerate(owners, 1)]
    workflows = [WORKFLOW.format(number=number) for number in range(1, WORKFLOWS + 1)]
    return [*teams, *runbooks, *workflows, AGED]


def _sizes(executions: int) -> Mapping[str, object]:
    return {
        "executions": executions,
        "incidents": (executions + PER_INCIDENT - 1) // PER_INCIDENT,
        "begin": SystemClock().now() - YEAR,
        "apart": YEAR / executions,
        "incident_apart": YEAR / executions * PER_INCIDENT,
        "per_incident": PER_INCIDENT,
        "teams": TEAMS,
        "runbooks": RUNBOOKS,
        "steps": list(STEPS),
    }
