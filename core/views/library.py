"""Definitions of the library, as every interface shows them: the newest version and its status."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from core.statuses import ApprovalStatus


class DefinitionView(BaseModel):
    """A definition. `status`: of the newest version, which is the one shown. `quarantine`: why it may not run, if it
    lost workers.

    `approved_version`: the version approved last; `approved_by`: by whom: a Slack user id, `operator`, or `migrated`
    for a workflow that ran before workflows needed approval. Null if none has been approved.
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
    """A runbook. Only an approved version runs."""


class RunbookWithDiff(RunbookView):
    """A runbook with `diff`: the changes of the newest version against the approved one, as a unified diff of their
    YAML.

    None if no version has been approved; empty if nothing differs.
    """

    diff: str | None


class VersionView(BaseModel):
    """One entry of a definition's history. Entries with the same `version` have the same `definition`. `status`: after
    the change.
    """

    version: int
    change: str
    status: str
    definition: dict[str, Any]
    changed_by: str
    note: str
    created_at: datetime


class WorkflowView(DefinitionView):
    """A workflow. `in_force_version`: the approved version that its trigger starts while it is `enabled`; null if there
    is none.

    `trigger_on`: the event that starts it, or would start it if no version is in force. `next_at`: when its schedule
    starts it next; null if it has none, or does not start at present.
    """

    enabled: bool
    in_force_version: int | None
    trigger_on: str
    next_at: datetime | None = None


class WorkflowWithDiff(WorkflowView):
    """A workflow with `diff`, as for a runbook."""

    diff: str | None


class SecretView(BaseModel):
    """The declaration of a secret. Its value is never included."""

    id: str
    name: str
    definition: dict[str, Any]
    changed_by: str
    created_at: datetime
    updated_at: datetime
