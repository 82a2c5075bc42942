"""Audit entries and analytics."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel


class AuditEntryView(BaseModel):
    """One action in the audit trail. `before` and `after`: the changed values, if any; they are also in `details`.

    `position` in the chain and `hash` are null until the entry is sealed, a moment later.
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
    """Percentiles in seconds, within 2.5 % (or a millisecond) of the exact value."""

    p50: float
    p95: float


class FailureView(BaseModel):
    """A step that failed: in how many executions, and its most frequent error."""

    step: str
    executions: int
    error: str | None


class AnalyticsView(BaseModel):
    """Statistics of a runbook or workflow, over the executions requested since the day `since` (None: all).

    `success_rate`: among those that ended, including cancelled ones; None if none ended. `approval_seconds`: from the
    opening of a gate to its approval, in runs that ended. `failures`: the steps that failed most often in executions
    that failed or timed out; errors are grouped by their first 500 characters.
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


class WeekView(BaseModel):
    """A week of a team: how its runs ended. `approval_seconds`: the median from a gate's opening to its approval."""

    monday: date
    succeeded: int
    failed: int
    cancelled: int
    approval_seconds: float | None

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed + self.cancelled
