"""A valid set of documents for the tests of this package."""

GOOD = """\
kind: team
name: database
members:
  - {slack: U0DBADMIN, role: admin}
  - {slack: U0DBOPS, role: responder}
---
kind: runbook
name: db-failover
team: database
description: Promote the replica and point the service at it.
parameters:
  type: object
  required: [cluster]
  properties:
    cluster: {type: string, enum: [orders, users], description: Which cluster}
    reason: {type: string, default: ""}
lock: db/{{ params.cluster }}
steps:
  - id: lag
    type: http
    url: "{{ secrets.DB_API }}/clusters/{{ params.cluster }}/lag"
    expect: response.status == 200 && response.json.seconds < 30
    save: {lag: response.json.seconds}
  - id: gate
    type: approval
    approvers: {team: database, role: admin, count: 1}
    expires: 15m
  - id: promote
    type: http
    method: POST
    url: "{{ secrets.DB_API }}/clusters/{{ params.cluster }}/promote"
    json: {lag: "{{ steps.lag.saved.lag }}"}
    retry: {safe: true, attempts: 3, backoff: 1s}
    timeout: 60s
  - id: verify
    type: shell
    argv: [dbctl, check, "{{ params.cluster }}"]
    on_failure: continue
---
kind: workflow
name: critical-db-incident
team: database
trigger: {on: incident.created}
when: incident.severity == "critical" && incident.service == "orders-db"
once_per_incident: true
actions:
  - id: announce
    type: message
    text: "Proposing db-failover for {{ incident.title }}"
  - id: failover
    type: runbook
    runbook: db-failover
    parameters: {cluster: orders}
  - id: page
    type: webhook
    if: incident.labels.pager == "yes"
    url: https://pager.example/
"""

RUNBOOK = """\
kind: runbook
name: one
parameters:
  properties:
    cluster: {type: string, enum: [orders, users], default: orders}
    count: {type: integer, default: 1}
    note: {type: string}
lock: lock/{{ params.cluster }}
steps:
  - id: first
    type: http
    url: "https://x/{{ params.cluster }}"
    expect: response.status == 200
    save: {lag: response.json.lag}
  - id: second
    type: shell
    argv: [echo, "{{ steps.first.saved.lag }}"]
    if: steps.first.status == "succeeded"
  - id: third
    type: message
    text: |
      Done for {{ incident.title }}.
      Lag was {{ steps.first.saved.lag }}.
"""

WORKFLOW = """\
kind: workflow
name: flow
trigger: {on: incident.created}
when: incident.severity == "critical"
actions:
  - id: tell
    type: message
    text: Hello {{ incident.title }}
  - id: start
    type: runbook
    runbook: one
    parameters: {cluster: users}
    if: actions.tell.status == "succeeded"
"""
