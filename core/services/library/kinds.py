"""The two kinds of definitions, runbooks and workflows. The library treats them alike; the differences are here."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement

from core.decisions.schedules import Timetable, next_after
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
NEIGHBOUR = "trigger"  # every workflow has one, and `enabled` reads best right before it


def without_enabled(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a workflow's document that is versioned."""
    return {key: value for key, value in document.items() if key != ENABLED}


def with_enabled(document: Mapping[str, Any], enabled: bool) -> dict[str, Any]:
    """Return the document with `enabled` set; unchanged if it already says so, be it by leaving it out."""
    if document.get(ENABLED, True) is enabled:
        return dict(document)
    if ENABLED in document:
        return {**document, ENABLED: enabled}
    updated: dict[str, Any] = {}
    for key, value in document.items():
        updated |= {ENABLED: enabled, key: value} if key == NEIGHBOUR else {key: value}
    return updated


class Change(StrEnum):
    """The kinds of changes in a definition's history."""

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
    """A kind of definition: its tables, and how its versions come into force."""

    noun: ClassVar[str]
    listing: ClassVar[str]  # the Slack command that lists them
    prefix: ClassVar[Prefix]
    version: ClassVar[type[RunbookVersion] | type[WorkflowVersion]]
    execution: ClassVar[type[RunbookExecution] | type[WorkflowExecution]]
    row: type[Row]

    @abstractmethod
    def is_of(self, row: Row) -> ColumnElement[bool]:
        """Return the condition that selects the executions of this definition."""

    @abstractmethod
    def content_of(self, document: JsonObject) -> JsonObject:
        """Return the part of a document that is versioned."""

    @abstractmethod
    def settle(self, row: Row, document: JsonObject, now: datetime) -> None:
        """Write the document into the row. The version in force does not change."""

    @abstractmethod
    def is_in_force(self, row: Row) -> bool:
        """True if a version of it may run."""

    @abstractmethod
    def put_in_force(self, row: Row, now: datetime) -> None:
        """Put the newest version, which was just approved, in force from `now` on."""

    @abstractmethod
    def stop(self, row: Row) -> None:
        """Take it out of force, so that no version can start. The caller sets its status."""

    def change_of(self, row: Row, document: JsonObject) -> Change | None:
        """Return the change that writing the document would make, or None if there is none."""
        is_same = self.content_of(row.definition) == self.content_of(document)
        return None if is_same else Change.CHANGED

    def digest_of(self, row: Row) -> str:
        """Return the SHA-256 of the newest version's content, in hexadecimal."""
        content = json.dumps(self.content_of(row.definition), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


class Runbooks(DefinitionKind[Runbook]):
    """Runbooks. The approved version is in force only while it is the newest one; an edit takes it out of force."""

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
        """Do nothing: a runbook's status alone decides."""

    def stop(self, row: Runbook) -> None:
        """Do nothing: a runbook's status alone decides."""


class Workflows(DefinitionKind[Workflow]):
    """Workflows. The approved version stays in force until another one is approved, even if the workflow is edited."""

    noun, listing, prefix = "workflow", "workflow list", Prefix.WORKFLOW
    row, version, execution = Workflow, WorkflowVersion, WorkflowExecution

    def is_of(self, row: Workflow) -> ColumnElement[bool]:
        return WorkflowExecution.workflow_id == row.id

    def content_of(self, document: JsonObject) -> JsonObject:
        return without_enabled(document)

    def settle(self, row: Workflow, document: JsonObject, now: datetime) -> None:
        """Write the document into the row.

        Without the field `enabled`, the row keeps its value; a new workflow is enabled. A workflow that moves to
        another team is taken out of force, because the team that it was approved for could no longer stop it.
        """
        was = True if row.enabled is None else row.enabled
        if row.in_force is not None and row.in_force.get("team") != document.get("team"):
            self.stop(row)
        row.definition = document
        self.switch(row, document.get(ENABLED, was), now)

    def switch(self, row: Workflow, enabled: bool, now: datetime) -> None:
        """Enable or disable it. An age or a schedule counts from the time it is enabled."""
        was, row.enabled = row.enabled, enabled
        row.definition = with_enabled(row.definition, enabled)
        if was is not enabled:
            row.trigger_since = now
            self._plan(row, now)

    def is_in_force(self, row: Workflow) -> bool:
        return row.in_force is not None

    def put_in_force(self, row: Workflow, now: datetime) -> None:
        content = self.content_of(row.definition)
        is_as_before = row.in_force is not None and row.in_force["trigger"] == content["trigger"]
        row.in_force, row.trigger_on = content, content["trigger"]["on"]
        if not is_as_before:
            row.trigger_since = now
            self._plan(row, now)

    def _plan(self, row: Workflow, now: datetime) -> None:
        """Set the next occurrence of its schedule, if it has one: never one before `now`."""
        timetable = Timetable.of_trigger(row.in_force["trigger"]) if row.in_force and row.enabled else None
        row.next_at = next_after(timetable, now) if timetable else None

    def stop(self, row: Workflow) -> None:
        row.in_force = row.trigger_on = row.next_at = None

    def change_of(self, row: Workflow, document: JsonObject) -> Change | None:
        change, enabled = super().change_of(row, document), document.get(ENABLED, row.enabled)
        if change is None and enabled is not row.enabled:
            return Change.ENABLED if enabled else Change.DISABLED
        return change


RUNBOOKS, WORKFLOWS = Runbooks(), Workflows()
