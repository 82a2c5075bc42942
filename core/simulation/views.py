"""What a plan shows: what a run would do, as far as that is known before it does it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.statuses import Status
from core.views.executions import FreezeView


class _View(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class PlannedGateView(_View):
    """Who would be asked, before a run goes on."""

    approvers: str
    """Who may decide, in words with Slack mentions."""
    people: list[str]
    """Their Slack ids, as far as they are known now."""
    count: int
    """How many must approve."""
    message: str
    """What they would be told."""
    expires_seconds: float | None
    """How long they would have."""


class PlannedStepView(_View):
    """One step of a plan."""

    id: str
    """The step's id."""
    type: str
    """The step's type."""
    name: str | None
    """The step's name."""
    runs: Literal["yes", "no", "depends"]
    """Whether it would run: as far as its condition can be told already."""
    condition: str | None
    """Its condition, where it has one."""
    request: Any
    """What it would ask for, secrets masked; what earlier steps bring stands there as `‹lag.seconds›`."""
    is_rendered: bool
    """Whether `request` is what would be sent; otherwise it is as written, since it hangs on earlier steps."""
    attempts: int
    """How often it may be called."""
    gate: PlannedGateView | None
    """Who would be asked, of an approval."""
    wait_seconds: float | None
    """How long it would let pass, of a wait."""
    error: str | None
    """Why it would fail, where that is certain."""


class LockHolderView(_View):
    """The run that holds a lock."""

    id: str | None
    """The execution's id; null where it is another team's."""
    runbook: str | None
    """The runbook's name; null where the run is another team's."""
    status: Status
    """How it stands."""


class PlannedLockView(_View):
    """The lock that a run would take."""

    name: str
    """The lock's name."""
    on_conflict: Literal["reject", "queue"]
    """What would happen while somebody holds it."""
    held_by: LockHolderView | None
    """Who holds it now; null: nobody."""


class PlanView(_View):
    """What a run would do. Nothing of it was done."""

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
    """Who would have asked for it."""
    parameters: dict[str, Any]
    """What it would be run with, defaults filled in."""
    lock: PlannedLockView | None
    """The lock that it would take."""
    freeze: FreezeView | None = None
    """The freeze that keeps such a run from starting now."""
    steps: list[PlannedStepView]
    """What it would do, one after the other."""
