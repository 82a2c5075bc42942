"""A database with as many executions as one wants, made by PostgreSQL itself."""

from datetime import timedelta

from sqlalchemy import text

from cli.apply import apply_text
from core.clock import SystemClock
from core.service import Service

PERSON = "U0BENCH"
RUNBOOKS = 50
PER_INCIDENT = 50
STEPS = ("lag", "gate", "promote", "verify")
YEAR = timedelta(days=365)

TEAM = "kind: team\nname: bench\nmembers: [{slack: U0BENCH, role: admin}]\n"
RUNBOOK = """kind: runbook
name: runbook-{number}
team: bench
steps:
  - {{id: lag, type: message, text: looked}}
  - {{id: gate, type: approval}}
  - {{id: promote, type: message, text: promoted}}
  - {{id: verify, type: message, text: verified}}
"""

INCIDENTS = """
INSERT INTO incidents (id, title, description, severity, team_id, labels, status, opened_by, created_at)
SELECT 'inc_' || n, 'Incident ' || n, '', 'high', (SELECT id FROM teams), '{}', 'closed', 'U0BENCH', :begin
FROM generate_series(1, :incidents) AS n
"""

# One in five goes to the first runbook. Of twenty, one fails, at its third step (all of them the first runbook's), and
# one is cancelled.
EXECUTIONS = """
INSERT INTO runbook_executions (id, definition, status, requested_by, created_at, started_at, finished_at,
    runbook_id, runbook_name, runbook_version, team_id, parameters, incident_id)
SELECT 'rbx_' || n, runbook.definition,
    CASE n % 20 WHEN 0 THEN 'failed' WHEN 1 THEN 'cancelled' ELSE 'succeeded' END,
    'U0BENCH', moment.at, moment.at, moment.at + (5 + n % 97) * interval '1 second',
    runbook.id, runbook.name, 1, runbook.team_id, '{"cluster": "orders"}', 'inc_' || (1 + (n - 1) / :per_incident)
FROM generate_series(1, :executions) AS n
CROSS JOIN LATERAL (SELECT :begin + n * :apart AS at) AS moment
JOIN runbooks AS runbook
    ON runbook.name = 'runbook-' || CASE WHEN n % 5 = 0 THEN 1 ELSE 2 + n % (:runbooks - 1) END
"""

STEP_ROWS = """
INSERT INTO step_executions (execution_id, position, step_id, type, status, attempt, started_at, finished_at,
    output, error)
SELECT run.id, step.place - 1, step.name, 'message',
    CASE WHEN run.status = 'succeeded' OR step.place < 3 THEN 'succeeded'
        WHEN run.status = 'failed' AND step.place = 3 THEN 'failed' ELSE 'pending' END,
    1, run.started_at, run.finished_at, '{"ok": true}',
    CASE WHEN run.status = 'failed' AND step.place = 3 THEN 'No answer within 60 s.' END
FROM runbook_executions AS run
CROSS JOIN unnest(CAST(:steps AS text[])) WITH ORDINALITY AS step(name, place)
"""

APPROVALS = """
INSERT INTO approvals (id, execution_id, position, attempt, policy, message, status, opened_at, expires_at, closed_at)
SELECT 'apr_' || id, id, 1, 1, '{"requester": "U0BENCH"}', '', 'approved', started_at, NULL, finished_at
FROM runbook_executions
"""


def load_everything(service: Service, executions: int) -> None:
    """`executions` of four steps and a gate each, over a year, fifty an incident; then ANALYZE."""
    runbooks = [RUNBOOK.format(number=number) for number in range(1, RUNBOOKS + 1)]
    apply_text(service, "---\n".join([TEAM, *runbooks]), "bench", approve=True)
    incidents = (executions + PER_INCIDENT - 1) // PER_INCIDENT
    begin = SystemClock().now() - YEAR
    with service.engine.begin() as connection:
        connection.execute(text(INCIDENTS), {"begin": begin, "incidents": incidents})
        given = {"begin": begin, "apart": YEAR / executions, "executions": executions}
        sizes = {"per_incident": PER_INCIDENT, "runbooks": RUNBOOKS}
        connection.execute(text(EXECUTIONS), given | sizes)
        connection.execute(text(STEP_ROWS), {"steps": list(STEPS)})
        connection.execute(text(APPROVALS))
    with service.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
