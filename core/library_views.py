"""The library's definitions as faces show them: their newest versions, and what is behind those."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from core.statuses import ApprovalStatus


class DefinitionView(BaseModel):
    """`quarantine`: why it may not run, or was disabled, where it killed its workers; null otherwise."""

    id: str
    name: str
    team: str | None
    version: int
    description: str
    definition: dict[str, Any]
    changed_by: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    quarantine: str | None = None


class RunbookView(DefinitionView):
    """`approved_version`: the one that was approved last; null where none was yet."""

    status: ApprovalStatus
    approved_version: int | None


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


class WorkflowView(DefinitionView):
    """`trigger_on`: the name of what starts it."""

    enabled: bool
    trigger_on: str


class WorkflowWithDiff(WorkflowView):
    """`enabled_version`: the version that was enabled last, None where none ever was.

    `diff`: what the newest version changes in it, as a unified diff of their YAML; None and empty as a runbook's.
    """

    enabled_version: int | None
    diff: str | None


class SecretView(BaseModel):
    """What is declared about a secret. Its value is nowhere."""

    id: str
    name: str
    definition: dict[str, Any]
    changed_by: str
    created_at: datetime
    updated_at: datetime
