"""The runbooks and workflows that these tests run."""

RUNBOOKS = """
kind: runbook
name: db-check
team: database
description: Look at a cluster.
parameters:
  type: object
  required: [cluster]
  properties:
    cluster: {type: string, enum: [orders, users]}
    depth: {type: integer, default: 1}
steps:
  - {id: pause, type: wait, for: 1h}
---
kind: runbook
name: db-failover
team: database
steps:
  - id: gate
    type: approval
    approvers: {team: database, role: responder, count: 1}
---
kind: runbook
name: web-restart
team: web
steps:
  - {id: pause, type: wait, for: 1h}
---
kind: runbook
name: say-hello
steps:
  - {id: pause, type: wait, for: 1h}
"""

DRAFT = """
kind: runbook
name: db-draft
team: database
steps:
  - {id: pause, type: wait, for: 1h}
"""

WORKFLOW = """
kind: workflow
name: critical-db-incident
team: database
description: Look at once.
trigger: {on: incident.created}
when: incident.severity == "critical"
actions:
  - id: look
    type: runbook
    runbook: db-check
    parameters: {cluster: orders}
"""

INCIDENT = {"title": "Orders down", "severity": "high", "team": "database"}
