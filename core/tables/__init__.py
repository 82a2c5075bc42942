"""The tables. Importing this package makes `Base.metadata` whole."""

from core.tables.approvals import Approval, ApprovalDecision
from core.tables.audit import AuditEntry, AuditSeal, IdempotentAnswer
from core.tables.base import Base, JsonObject
from core.tables.callbacks import Callback
from core.tables.executions import (
    ActionExecution,
    RunbookExecution,
    StepExecution,
    WorkerLoss,
    WorkflowExecution,
)
from core.tables.freezes import Freeze
from core.tables.incidents import EarlyAlert, GroupedAlert, Incident, IncidentAgeReached, IncidentEvent
from core.tables.installation import Installation
from core.tables.library import Runbook, RunbookVersion, Workflow, WorkflowVersion
from core.tables.notices import Notice, SlackPace
from core.tables.people import ApiToken, Team, TeamChannel, TeamMember
from core.tables.processes import Process, SchemaCompatibility
from core.tables.secrets import Secret, SecretParameters
from core.tables.tallies import EndedExecution, FailureTally, Tally
from core.tables.workspace import SlackWorkspace

__all__ = [
    "ActionExecution",
    "ApiToken",
    "Approval",
    "ApprovalDecision",
    "AuditEntry",
    "AuditSeal",
    "Base",
    "Callback",
    "EarlyAlert",
    "EndedExecution",
    "FailureTally",
    "Freeze",
    "GroupedAlert",
    "IdempotentAnswer",
    "Incident",
    "IncidentAgeReached",
    "IncidentEvent",
    "Installation",
    "JsonObject",
    "Notice",
    "Process",
    "Runbook",
    "RunbookExecution",
    "RunbookVersion",
    "SchemaCompatibility",
    "Secret",
    "SecretParameters",
    "SlackPace",
    "SlackWorkspace",
    "StepExecution",
    "Tally",
    "Team",
    "TeamChannel",
    "TeamMember",
    "WorkerLoss",
    "Workflow",
    "WorkflowExecution",
    "WorkflowVersion",
]
