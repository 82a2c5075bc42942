"""Runbooks and workflows are kept alike. What differs between the two is told here, in one value each."""

from abc import ABC, abstractmethod
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement

from core.definitions.enabling import FIELD as ENABLED
from core.definitions.enabling import with_enabled, without_enabled
from core.identifiers import Prefix
from core.statuses import ApprovalStatus
from core.tables import (
    JsonObject,
    Runbook,
    RunbookExecution,
    RunbookVersion,
    Workflow,
    WorkflowExecution,
    WorkflowVersion,
)

Row = TypeVar("Row", Runbook, Workflow)


class Change(StrEnum):
    """What was done to a definition."""

    CREATED = "created"
    CHANGED = "changed"
    ROLLED_BACK = "rolled_back"
    APPROVED = "approved"
    DEPRECATED = "deprecated"
    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"
    QUARANTINED = "quarantined"


WRITES = frozenset({Change.CREATED, Change.CHANGED, Change.ROLLED_BACK})  # these make a new version


class Shelf(ABC, Generic[Row]):
    """Where definitions of one kind are kept."""

    noun: ClassVar[str]
    listing: ClassVar[str]  # the command that shows what there is
    prefix: ClassVar[Prefix]
    version: ClassVar[type[RunbookVersion] | type[WorkflowVersion]]
    execution: ClassVar[type[RunbookExecution] | type[WorkflowExecution]]
    row: type[Row]

    @abstractmethod
    def is_of(self, row: Row) -> ColumnElement[bool]:
        """The condition for an execution of this definition."""

    @abstractmethod
    def content_of(self, document: JsonObject) -> JsonObject:
        """The part of a document that is versioned."""

    @abstractmethod
    def settle(self, row: Row, document: JsonObject, now: datetime) -> None:
        """Let the row say what the document says, from `now` on."""

    @abstractmethod
    def status_of(self, row: Row) -> str:
        """Where the row stands, in a word."""

    def change_of(self, row: Row, document: JsonObject) -> Change | None:
        """What the document would change in the row, if anything."""
        is_same = self.content_of(row.definition) == self.content_of(document)
        return None if is_same else Change.CHANGED


class Runbooks(Shelf[Runbook]):
    noun, listing, prefix = "runbook", "list", Prefix.RUNBOOK
    row, version, execution = Runbook, RunbookVersion, RunbookExecution

    def is_of(self, row: Runbook) -> ColumnElement[bool]:
        return RunbookExecution.runbook_id == row.id

    def content_of(self, document: JsonObject) -> JsonObject:
        return document

    def settle(self, row: Runbook, document: JsonObject, now: datetime) -> None:  # noqa: ARG002 a draft has no date
        """What was written is a draft, whatever it was before."""
        row.definition, row.status, row.quarantine = document, ApprovalStatus.DRAFT, None

    def status_of(self, row: Runbook) -> str:
        return row.status


class Workflows(Shelf[Workflow]):
    noun, listing, prefix = "workflow", "workflow list", Prefix.WORKFLOW
    row, version, execution = Workflow, WorkflowVersion, WorkflowExecution

    def is_of(self, row: Workflow) -> ColumnElement[bool]:
        return WorkflowExecution.workflow_id == row.id

    def content_of(self, document: JsonObject) -> JsonObject:
        return without_enabled(document)

    def settle(self, row: Workflow, document: JsonObject, now: datetime) -> None:
        """A document that does not say whether it is enabled leaves that as it is; what is new is enabled."""
        before = (row.definition or {}).get("trigger") if row.enabled else None
        row.enabled = document.get(ENABLED, True if row.enabled is None else row.enabled)
        if not row.enabled or before != document["trigger"]:
            row.trigger_since = now
        row.definition, row.trigger_on = with_enabled(document, row.enabled), document["trigger"]["on"]
        row.quarantine = None

    def status_of(self, row: Workflow) -> str:
        return (Change.ENABLED if row.enabled else Change.DISABLED).value

    def change_of(self, row: Workflow, document: JsonObject) -> Change | None:
        change, enabled = super().change_of(row, document), document.get(ENABLED, row.enabled)
        if change is None and enabled is not row.enabled:
            return Change.ENABLED if enabled else Change.DISABLED
        return change


RUNBOOKS, WORKFLOWS = Runbooks(), Workflows()
