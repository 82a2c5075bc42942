"""Views of a dry run's plan: what a run would do, as far as it is known beforehand."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.statuses import Status
from core.views.executions import FreezeView


class _View(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class PlannedGateView(_View):
    """The approval that a run would wait for."""

    approvers: str
    """Who may decide, in words with Slack mentions."""
    people: list[str]
    """The Slack ids of the people who could decide now."""
    count: int
    """How many must approve."""
    message: str
    """The message to the approvers."""
    expires_seconds: float | None
    """How long they would have, in seconds; null: no limit."""


class PlannedStepView(_View):
    """One step of a plan."""

    id: str
    """The step's id."""
    type: str
    """The step's type."""
    name: str | None
    """The step's name."""
    runs: Literal["yes", "no", "depends"]
    """Whether it would run; `depends` if its condition depends on earlier steps."""
    condition: str | None
    """Its condition, if it has one."""
    request: Any
    """What it would send, secrets masked. Results of earlier steps appear as `‹lag.seconds›`."""
    is_rendered: bool
    """Whether `request` is what would be sent. If not, it is shown as written, since it depends on earlier steps."""
    attempts: int
    """How often it may be called."""
    in_finally: bool = False
    """Whether it runs at the end, whatever the outcome is."""
    gate: PlannedGateView | None
    """The approval it would wait for, if it is an approval step."""
    wait_seconds: float | None
    """How long it would wait, in seconds, if it is a wait step."""
    error: str | None
    """Why it would fail, if that is certain."""


class LockHolderView(_View):
    """The run that holds a lock."""

    id: str | None
    """The execution's id; null if the run is another team's."""
    runbook: str | None
    """The runbook's name; null if the run is another team's."""
    status: Status
    """The run's status."""


class PlannedLockView(_View):
    """The lock that a run would take."""

    name: str
    """The lock's name."""
    on_conflict: Literal["reject", "queue"]
    """What would happen if another run holds it."""
    held_by: LockHolderView | None
    """The run that holds it now; null if none does."""


class PlanView(_View):
    """What a run would do. Nothing was executed."""

    runbook: str
    """The runbook's name."""
    runbook_id: str
    """The runbook's id."""
    runbook_version: int
    """The version that would run."""
    incident_id: str
    """The incident's id."""
    incident_number: int
    """The incident's number."""
    requested_by: str
    """The person who would have requested it."""
    parameters: dict[str, Any]
    """The parameters it would run with, including defaults."""
    values: dict[str, Any] = {}
    """What the runbook's `values` would be if a worker took the run now."""
    lock: PlannedLockView | None
    """The lock that it would take."""
    freeze: FreezeView | None = None
    """The freeze that prevents such a run from starting now, if there is one."""
    steps: list[PlannedStepView]
    """Its steps, in order."""
