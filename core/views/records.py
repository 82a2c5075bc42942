"""What is kept about the whole: audit entries, figures."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class AuditEntryView(BaseModel):
    """One deed. `before` and `after`: what it changed, where it changed something; they are in `details` too.

    `position` in the chain and `hash` are null until it is sealed, a moment later.
    """

    number: int
    at: datetime
    actor: str
    source: str
    token_id: str | None
    team: str | None
    action: str
    subject_id: str
    before: Any
    after: Any
    details: dict[str, Any]
    position: int | None
    hash: str | None


class PercentilesView(BaseModel):
    """In seconds, within 2.5 % (or a millisecond) of the exact percentile."""

    p50: float
    p95: float


class FailureView(BaseModel):
    """A step that failed: in how many executions, and the error that it gave most often."""

    step: str
    executions: int
    error: str | None


class AnalyticsView(BaseModel):
    """How a runbook or workflow does, over the executions asked for since `since`, a day's beginning (None: ever).

    `success_rate`: of those that ended, cancelled ones too; None where none did. `approval_seconds`: from a gate's
    opening to its approval, of runs that ended. `failures`: the steps that failed most, of executions that failed or
    timed out; errors are told apart by their first 500 characters.
    """

    since: datetime | None
    executions: int
    ended: int
    succeeded: int
    success_rate: float | None
    duration_seconds: PercentilesView | None
    approval_seconds: PercentilesView | None
    last_success: datetime | None
    failures: list[FailureView]
