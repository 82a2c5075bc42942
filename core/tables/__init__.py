"""The database tables. Importing this package completes `Base.metadata`."""

from core.tables.approvals import Approval, ApprovalDecision, Callback, InputRequest
from core.tables.audit import (
    AuditEntry,
    AuditSeal,
    EndedExecution,
    FailureTally,
    IdempotentAnswer,
    Tally,
    Total,
)
from core.tables.base import Base, JsonObject
from core.tables.executions import (
    ActionExecution,
    RunbookExecution,
    StepExecution,
    WorkerLoss,
    WorkflowExecution,
)
from core.tables.incidents import (
    EarlyAlert,
    GroupedAlert,
    Incident,
    IncidentAgeReached,
    IncidentEvent,
    ScheduledOccurrence,
)
from core.tables.installation import Freeze, Installation, Process, SchemaCompatibility, SlackWorkspace
from core.tables.library import Runbook, RunbookVersion, Workflow, WorkflowVersion
from core.tables.notices import HomeTab, Notice, SlackPace
from core.tables.people import ApiToken, Secret, SecretParameters, SlackPerson, Team, TeamChannel, TeamMember

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
    "HomeTab",
    "IdempotentAnswer",
    "Incident",
    "IncidentAgeReached",
    "IncidentEvent",
    "InputRequest",
    "Installation",
    "JsonObject",
    "Notice",
    "Process",
    "Runbook",
    "RunbookExecution",
    "RunbookVersion",
    "ScheduledOccurrence",
    "SchemaCompatibility",
    "Secret",
    "SecretParameters",
    "SlackPace",
    "SlackPerson",
    "SlackWorkspace",
    "StepExecution",
    "Tally",
    "Team",
    "TeamChannel",
    "TeamMember",
    "Total",
    "WorkerLoss",
    "Workflow",
    "WorkflowExecution",
    "WorkflowVersion",
]
