"""The policy action of every entry point: HTTP routes, sub-commands, buttons and views.

An entry point that is not listed is refused to everybody. A test compares these tables with the router and the
registries, and the reference shows them.
"""

from collections.abc import Mapping

from core.decisions.policy_table import Action

ROUTES: Mapping[str, Action] = {
    "GET /api/openapi.json": Action.SERVICE_READ,
    "GET /healthz": Action.SERVICE_READ,
    "GET /readyz": Action.SERVICE_READ,
    "GET /metrics": Action.SERVICE_READ,
    "GET /problems/{code}": Action.SERVICE_READ,
    "GET /slack/events": Action.SLACK_SEND,
    "POST /slack/events": Action.SLACK_SEND,
    "GET /runs/{execution_id}": Action.RUN_READ,
    "POST /api/incidents": Action.INCIDENT_OPEN,
    "GET /api/incidents": Action.INCIDENT_READ,
    "GET /api/incidents/{id}": Action.INCIDENT_READ,
    "POST /api/incidents/{id}/acknowledge": Action.INCIDENT_CHANGE,
    "POST /api/incidents/{id}/resolve": Action.INCIDENT_CHANGE,
    "POST /api/incidents/{id}/close": Action.INCIDENT_CHANGE,
    "POST /api/incidents/{id}/escalate": Action.INCIDENT_CHANGE,
    "GET /api/incidents/{id}/timeline": Action.INCIDENT_READ,
    "POST /api/incidents/{id}/notes": Action.INCIDENT_NOTE,
    "POST /api/incidents/{id}/runbooks/{runbook_id}/execute": Action.RUNBOOK_RUN,
    "GET /api/incidents/{id}/runbooks/executions": Action.RUN_READ,
    "GET /api/executions": Action.RUN_READ,
    "GET /api/runbooks/executions/{execution_id}": Action.RUN_READ,
    "GET /api/runbooks/executions/{execution_id}/children": Action.RUN_READ,
    "POST /api/runbooks/executions/{execution_id}/cancel": Action.RUN_CANCEL,
    "POST /api/runbooks/executions/{execution_id}/retry": Action.RUN_RETRY,
    "POST /api/runbooks/executions/{execution_id}/verdict": Action.RUN_VERDICT,
    "POST /api/runbooks/executions/{execution_id}/input": Action.INPUT_ANSWER,
    "GET /api/runbooks": Action.DEFINITION_READ,
    "POST /api/runbooks": Action.DEFINITION_WRITE,
    "GET /api/runbooks/{id}": Action.DEFINITION_READ,
    "PUT /api/runbooks/{id}": Action.DEFINITION_WRITE,
    "DELETE /api/runbooks/{id}": Action.DEFINITION_WRITE,
    "GET /api/runbooks/{id}/versions": Action.DEFINITION_READ,
    "GET /api/runbooks/{id}/executions": Action.RUN_READ,
    "GET /api/runbooks/{id}/analytics": Action.ANALYTICS_READ,
    "POST /api/runbooks/{id}/approve": Action.DEFINITION_APPROVE,
    "POST /api/runbooks/{id}/deprecate": Action.DEFINITION_DEPRECATE,
    "POST /api/runbooks/{id}/rollback": Action.DEFINITION_WRITE,
    "POST /api/runbooks/{id}/execute": Action.RUNBOOK_RUN,
    "GET /api/workflows": Action.DEFINITION_READ,
    "POST /api/workflows": Action.DEFINITION_WRITE,
    "GET /api/workflows/{id}": Action.DEFINITION_READ,
    "PUT /api/workflows/{id}": Action.DEFINITION_WRITE,
    "DELETE /api/workflows/{id}": Action.DEFINITION_WRITE,
    "GET /api/workflows/{id}/versions": Action.DEFINITION_READ,
    "GET /api/workflows/{id}/executions": Action.RUN_READ,
    "GET /api/workflows/{id}/analytics": Action.ANALYTICS_READ,
    "POST /api/workflows/{id}/rollback": Action.DEFINITION_WRITE,
    "POST /api/workflows/{id}/approve": Action.DEFINITION_APPROVE,
    "POST /api/workflows/{id}/deprecate": Action.DEFINITION_DEPRECATE,
    "POST /api/workflows/{id}/enable": Action.WORKFLOW_ENABLE,
    "POST /api/workflows/{id}/disable": Action.WORKFLOW_ENABLE,
    "POST /api/workflows/{id}/duplicate": Action.DEFINITION_WRITE,
    "POST /api/workflows/{id}/execute": Action.WORKFLOW_START,
    "GET /api/workflows/executions/{id}": Action.RUN_READ,
    "POST /api/workflows/executions/{id}/cancel": Action.RUN_CANCEL,
    "POST /api/freezes": Action.FREEZE,
    "GET /api/freezes": Action.FREEZE_READ,
    "GET /api/freezes/{id}": Action.FREEZE_READ,
    "DELETE /api/freezes/{id}": Action.FREEZE,
    "GET /api/approvals": Action.APPROVAL_READ,
    "POST /api/approvals/{id}/approve": Action.APPROVAL_DECIDE,
    "POST /api/approvals/{id}/reject": Action.APPROVAL_DECIDE,
    "GET /api/audit": Action.AUDIT_READ,
    "POST /api/alerts/{vendor}": Action.ALERTS_SEND,
    "GET /api/secrets": Action.SECRET_WRITE,
    "POST /api/secrets": Action.SECRET_WRITE,
    "GET /api/secrets/{id}": Action.SECRET_WRITE,
    "PUT /api/secrets/{id}": Action.SECRET_WRITE,
    "DELETE /api/secrets/{id}": Action.SECRET_WRITE,
    "POST /api/callbacks/{token}": Action.CALLBACK_SEND,
}

COMMANDS: Mapping[str, Action] = {
    "run": Action.RUNBOOK_RUN,
    "status": Action.RUN_READ,
    "cancel": Action.RUN_CANCEL,
    "retry": Action.RUN_RETRY,
    "answer": Action.INPUT_ANSWER,
    "stats": Action.ANALYTICS_READ,
    "freeze": Action.FREEZE,
    "unfreeze": Action.FREEZE,
    "approvals": Action.APPROVAL_READ,
    "decide": Action.APPROVAL_DECIDE,
    "list": Action.DEFINITION_READ,
    "show": Action.DEFINITION_READ,
    "history": Action.DEFINITION_READ,
    "approve": Action.DEFINITION_APPROVE,
    "deprecate": Action.DEFINITION_DEPRECATE,
    "incident": Action.INCIDENT_READ,
    "incident open": Action.INCIDENT_OPEN,
    "incident ack": Action.INCIDENT_CHANGE,
    "incident resolve": Action.INCIDENT_CHANGE,
    "incident close": Action.INCIDENT_CHANGE,
    "incident escalate": Action.INCIDENT_CHANGE,
    "incident show": Action.INCIDENT_READ,
    "workflow": Action.DEFINITION_READ,
    "workflow run": Action.WORKFLOW_START,
    "workflow cancel": Action.RUN_CANCEL,
    "workflow list": Action.DEFINITION_READ,
    "workflow show": Action.DEFINITION_READ,
    "workflow history": Action.DEFINITION_READ,
    "workflow approve": Action.DEFINITION_APPROVE,
    "workflow deprecate": Action.DEFINITION_DEPRECATE,
    "note": Action.INCIDENT_NOTE,
    "help": Action.SERVICE_READ,
}

BUTTONS: Mapping[str, Action] = {
    "approval.approve": Action.APPROVAL_DECIDE,
    "approval.reject": Action.APPROVAL_DECIDE,
    "approval.comment": Action.APPROVAL_DECIDE,
    "run.cancel": Action.RUN_CANCEL,
    "run.retry": Action.RUN_RETRY,
    "run.details": Action.RUN_READ,
    "workflow.cancel": Action.RUN_CANCEL,
    "verdict.ran": Action.RUN_VERDICT,
    "verdict.did_not_run": Action.RUN_VERDICT,
    "verdict.run_again": Action.RUN_VERDICT,
    "input.answer": Action.INPUT_ANSWER,
    "definition.approve": Action.DEFINITION_APPROVE,
}

VIEWS: Mapping[str, Action] = {
    "run.form": Action.RUNBOOK_RUN,
    "input.form": Action.INPUT_ANSWER,
    "approval.form": Action.APPROVAL_DECIDE,
}

SHORTCUTS: Mapping[str, Action] = {
    "run.shortcut": Action.RUNBOOK_RUN,
    "run.message_shortcut": Action.RUNBOOK_RUN,
}

# Menus whose options are asked for, and what is chosen in them; the button that opens them from a message.
MENUS: Mapping[str, Action] = {
    "run.pick": Action.RUNBOOK_RUN,
    "run.incident": Action.RUNBOOK_RUN,
    "run.open": Action.RUNBOOK_RUN,
    "value": Action.RUNBOOK_RUN,
}

# A mention is a command; each sub-command is checked against its own action. Slack alone tells of changes.
EVENTS: Mapping[str, Action] = {"app_mention": Action.SLACK_SEND, "user_change": Action.SLACK_SEND}
