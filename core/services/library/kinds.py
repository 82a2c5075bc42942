"""Runbooks and workflows are kept alike. What differs between the two is told here, in one value each."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement

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

ENABLED = "enabled"
NEIGHBOUR = "trigger"  # every workflow has one; what switches it off is read best right before it


def without_enabled(document: Mapping[str, Any]) -> dict[str, Any]:
    """Answer what is versioned of a workflow's document."""
    return {key: value for key, value in document.items() if key != ENABLED}


def with_enabled(document: Mapping[str, Any], enabled: bool) -> dict[str, Any]:
    """Answer the document that says so; one that says so already, if only by silence, stays as it was written."""
    if document.get(ENABLED, True) is enabled:
        return dict(document)
    if ENABLED in document:
        return {**document, ENABLED: enabled}
    told: dict[str, Any] = {}
    for key, value in document.items():
        told |= {ENABLED: enabled, key: value} if key == NEIGHBOUR else {key: value}
    return told


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


class DefinitionKind(ABC, Generic[Row]):
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
        """Let the row say what the document says, from `now` on. What is in force stays so."""

    @abstractmethod
    def is_in_force(self, row: Row) -> bool:
        """Whether any version of it may run."""

    @abstractmethod
    def put_in_force(self, row: Row, now: datetime) -> None:
        """The newest version, which was approved just now, is what runs from `now` on."""

    @abstractmethod
    def stop(self, row: Row) -> None:
        """No version of it runs any more; its status is the caller's to set."""

    def change_of(self, row: Row, document: JsonObject) -> Change | None:
        """What the document would change in the row, if anything."""
        is_same = self.content_of(row.definition) == self.content_of(document)
        return None if is_same else Change.CHANGED

    def digest_of(self, row: Row) -> str:
        """SHA-256 of what the newest version says, in hexadecimal: the same for the same content."""
        content = json.dumps(self.content_of(row.definition), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


class Runbooks(DefinitionKind[Runbook]):
    """The approved version is in force as long as it is the newest one: an edit takes it out of force."""

    noun, listing, prefix = "runbook", "list", Prefix.RUNBOOK
    row, version, execution = Runbook, RunbookVersion, RunbookExecution

    def is_of(self, row: Runbook) -> ColumnElement[bool]:
        return RunbookExecution.runbook_id == row.id

    def content_of(self, document: JsonObject) -> JsonObject:
        return document

    def settle(self, row: Runbook, document: JsonObject, now: datetime) -> None:  # noqa: ARG002 a draft has no date
        row.definition = document

    def is_in_force(self, row: Runbook) -> bool:
        return row.status == ApprovalStatus.APPROVED

    def put_in_force(self, row: Runbook, now: datetime) -> None:
        """Its status says it."""

    def stop(self, row: Runbook) -> None:
        """Its status says it."""


class Workflows(DefinitionKind[Workflow]):
    """The approved version stays in force until another one is approved, whatever is edited meanwhile."""

    noun, listing, prefix = "workflow", "workflow list", Prefix.WORKFLOW
    row, version, execution = Workflow, WorkflowVersion, WorkflowExecution

    def is_of(self, row: Workflow) -> ColumnElement[bool]:
        return WorkflowExecution.workflow_id == row.id

    def content_of(self, document: JsonObject) -> JsonObject:
        return without_enabled(document)

    def settle(self, row: Workflow, document: JsonObject, now: datetime) -> None:
        """A document that does not say whether it is enabled leaves that as it is; what is new is enabled.

        What goes to another team is in force no more: nobody of the team that it was approved for could stop it.
        """
        was = True if row.enabled is None else row.enabled
        if row.in_force is not None and row.in_force.get("team") != document.get("team"):
            self.stop(row)
        row.definition = document
        self.switch(row, document.get(ENABLED, was), now)

    def switch(self, row: Workflow, enabled: bool, now: datetime) -> None:
        """Whether it starts when its trigger happens. An age counts from when it is switched on."""
        if row.enabled is not enabled:
            row.trigger_since = now
        row.enabled, row.definition = enabled, with_enabled(row.definition, enabled)

    def is_in_force(self, row: Workflow) -> bool:
        return row.in_force is not None

    def put_in_force(self, row: Workflow, now: datetime) -> None:
        content = self.content_of(row.definition)
        if row.in_force is None or row.in_force["trigger"] != content["trigger"]:
            row.trigger_since = now
        row.in_force, row.trigger_on = content, content["trigger"]["on"]

    def stop(self, row: Workflow) -> None:
        row.in_force = row.trigger_on = None

    def change_of(self, row: Workflow, document: JsonObject) -> Change | None:
        change, enabled = super().change_of(row, document), document.get(ENABLED, row.enabled)
        if change is None and enabled is not row.enabled:
            return Change.ENABLED if enabled else Change.DISABLED
        return change


RUNBOOKS, WORKFLOWS = Runbooks(), Workflows()
