"""The status words used everywhere."""

from enum import StrEnum


class Status(StrEnum):
    """The status of an execution or one of its steps. `skipped` and `unknown` are only for steps."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Whether an execution in this status has ended."""
        return self in FINAL


FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.TIMED_OUT})
ACTIVE = frozenset({Status.PENDING, Status.RUNNING, Status.WAITING})


class WaitingFor(StrEnum):
    """What a waiting execution is waiting for."""

    APPROVAL = "approval"
    INPUT = "input"
    TIMER = "timer"
    CALLBACK = "callback"
    VERDICT = "verdict"
    LOCK = "lock"
    FREEZE = "freeze"
    CHILDREN = "children"


class ApprovalStatus(StrEnum):
    """The status of a definition's version: only an approved version runs."""

    DRAFT = "draft"
    APPROVED = "approved"
    DEPRECATED = "deprecated"


class GateStatus(StrEnum):
    """The status of an approval gate. `void`: it was approved, and then asked again."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    VOID = "void"


class InputStatus(StrEnum):
    """The status of a request for values."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class IncidentStatus(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLOSED = "closed"


class IncidentKind(StrEnum):
    """Something went wrong, or work that a schedule planned: that is no incident in figures, and triggers nothing."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"


UNRESOLVED = (IncidentStatus.OPEN, IncidentStatus.ACKNOWLEDGED)


class Severity(StrEnum):
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Role(StrEnum):
    """The role of a member in a team. A team's admin is also its responder."""

    RESPONDER = "responder"
    ADMIN = "admin"


class Standing(StrEnum):
    """What somebody is in our Slack workspace, as Slack says. `unknown`: Slack knows nobody of this id."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"
    DEACTIVATED = "deactivated"
    APP = "app"
    UNKNOWN = "unknown"


class PrincipalKind(StrEnum):
    """The kind of a principal. Only people can decide gates, definitions and verdicts."""

    PERSON = "person"
    SERVICE = "service"
    AGENT = "agent"
    OPERATOR = "operator"
    LINK = "link"


class TokenScope(StrEnum):
    """What a bearer token allows, within what its person or service may do."""

    READ = "read"
    ALERTS = "alerts"
    PROPOSE = "propose"
    RUN = "run"
    APPROVE = "approve"
    WRITE = "write"
    ADMIN = "admin"


class AlertOutcome(StrEnum):
    """What an alert came to.

    `grouped`: it came in a storm, and is counted by the incident of that; `known` is open already, and nothing that
    changes the incident was told; `ignored` tells nothing that we act on.
    """

    OPENED = "opened"
    GROUPED = "grouped"
    KNOWN = "known"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    IGNORED = "ignored"
