"""The library's definitions as faces show them: their newest versions, and what is behind those."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from core.statuses import ApprovalStatus


class DefinitionView(BaseModel):
    """`status`: of the newest version, which is what is shown. `quarantine`: why it may not run, if it killed workers.

    `approved_version`: the one that was approved last, `approved_by`: by whom, a Slack user id, `operator`, or
    `migrated` for a workflow that ran before workflows were approved; null where none was yet.
    """

    id: str
    name: str
    team: str | None
    version: int
    status: ApprovalStatus
    approved_version: int | None
    approved_by: str | None
    description: str
    definition: dict[str, Any]
    changed_by: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    quarantine: str | None = None


class RunbookView(DefinitionView):
    """Only an approved one runs."""


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
    """`in_force_version`: the approved version that its trigger starts while it is `enabled`; null where none is.

    `trigger_on`: the name of what starts it; of a workflow of which nothing is in force, of what would.
    """

    enabled: bool
    in_force_version: int | None
    trigger_on: str


class WorkflowWithDiff(WorkflowView):
    """`diff`: as a runbook's."""

    diff: str | None


class SecretView(BaseModel):
    """What is declared about a secret. Its value is nowhere."""

    id: str
    name: str
    definition: dict[str, Any]
    changed_by: str
    created_at: datetime
    updated_at: datetime
