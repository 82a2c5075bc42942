"""The library's definitions as faces show them: their newest versions, and what is behind those."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from core.statuses import ApprovalStatus


class RunbookView(BaseModel):
    """`quarantine`: why it may not run, where it killed its workers; null otherwise."""

    id: str
    name: str
    team: str | None
    status: ApprovalStatus
    version: int
    approved_version: int | None
    description: str
    definition: dict[str, Any]
    changed_by: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    quarantine: str | None = None


class RunbookWithDiff(RunbookView):
    """`diff`: what the newest version changes in the approved one, as a unified diff of their YAML.

    None where no version was approved yet; empty where nothing differs.
    """

    diff: str | None


class VersionView(BaseModel):
    """One line of a definition's history. Lines of one `version` have one `definition`; `status`: afterwards."""

    version: int
    change: str
    status: str
    definition: dict[str, Any]
    changed_by: str
    note: str
    created_at: datetime


class WorkflowView(BaseModel):
    """`quarantine`: why it was disabled, where it killed its workers; null otherwise."""

    id: str
    name: str
    team: str | None
    enabled: bool
    version: int
    trigger_on: str
    description: str
    definition: dict[str, Any]
    changed_by: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    quarantine: str | None = None


class WorkflowWithDiff(WorkflowView):
    """`enabled_version`: the version that was enabled last, None where none ever was.

    `diff`: what the newest version changes in it, as a unified diff of their YAML; None and empty as a runbook's.
    """

    enabled_version: int | None
    diff: str | None
