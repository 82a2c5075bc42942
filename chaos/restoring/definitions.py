"""The definitions used by restores: steps that must not be repeated, and some that may be.

Calls that must not happen twice are named `once-…`; each run and each incident has its own URLs and texts.
"""

OPS, APPROVER, ADMIN = "U0DBOPS", "U0DBADMIN", "U0ADMIN"
TEAM = """
kind: team
name: database
members:
  - {slack: U0DBADMIN, role: admin}
  - {slack: U0DBOPS, role: responder}
"""
DEFINITIONS = """
kind: runbook
name: careful
team: database
parameters: {type: object, required: [n], properties: {n: {type: string}}}
steps:
  - {id: drain, type: http, method: POST, url: "{{ secrets.TARGET }}/ok/once-{{ params.n }}-drain"}
  - {id: look, type: http, url: "{{ secrets.TARGET }}/ok/safe-{{ params.n }}", retry: {safe: true, attempts: 3}}
  - {id: told, type: message, text: "{{ params.n }} is drained"}
  - {id: gate, type: approval, approvers: {team: database, role: admin}}
  - {id: promote, type: http, method: POST, url: "{{ secrets.TARGET }}/ok/once-{{ params.n }}-promote"}
  - {id: verify, type: http, method: POST, url: "{{ secrets.TARGET }}/ok/once-{{ params.n }}-verify"}
---
kind: runbook
name: by-workflow
team: database
parameters: {type: object, required: [n], properties: {n: {type: string}}}
steps:
  - {id: page, type: http, method: POST, url: "{{ secrets.TARGET }}/ok/once-{{ params.n }}-page"}
  - {id: told, type: message, text: "{{ params.n }} is paged"}
---
kind: workflow
name: at-once
team: database
trigger: {on: incident.created}
actions:
  - {id: announce, type: message, text: "Looking after {{ incident.title }}"}
  - {id: run, type: runbook, runbook: by-workflow, parameters: {n: "{{ incident.title }}-w"}, wait: true}
  - {id: mark, type: set, severity: critical}
  - {id: hook, type: webhook, url: "{{ secrets.TARGET }}/ok/once-{{ incident.title }}-hook"}
---
kind: workflow
name: escalated
team: database
trigger: {on: incident.escalated}
actions:
  - {id: announce, type: message, text: "Worse is {{ incident.title }}"}
  - {id: run, type: runbook, runbook: by-workflow, parameters: {n: "{{ incident.title }}-e"}}
---
kind: workflow
name: aged
team: database
trigger: {on: incident.age, minutes: 1}
actions:
  - {id: run, type: runbook, runbook: by-workflow, parameters: {n: "{{ incident.title }}-a"}}
  - {id: announce, type: message, text: "Old is {{ incident.title }}"}
"""
