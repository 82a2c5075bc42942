"""Approves and deprecates definitions, runbooks and workflows alike.

Approvers name the version that they have read, so that nobody approves what they did not see.
"""

from core.decisions.people import Person
from core.errors import Conflict, NotAllowed, VersionUnnamed
from core.services.library import writing
from core.services.library.finding import check_may_approve, check_may_deprecate, owner_of
from core.services.library.kinds import Change, DefinitionKind, Row
from core.services.library.writing import UNSAID, Intent
from core.statuses import ApprovalStatus
from core.tables import JsonObject
from core.unit_of_work import UnitOfWork


def approve(
    work: UnitOfWork,
    person: Person,
    kind: DefinitionKind[Row],
    row: Row,
    intent: Intent,
    *,
    own_version_allowed: bool,
) -> Row:
    """Approve the version `intent.read_version`, which must be the newest, and put it in force.

    `own_version_allowed`: True for an operator at the terminal, and in a workspace with a single admin. Raises what
    `check_approvable` and `lock` raise, in particular Stale, and VersionUnnamed if no version is named.
    """
    check_may_approve(person, owner_of(row))
    if intent.read_version is None:
        sentence = f"Which version of {row.name} do you approve? Name the version that you have read."
        raise VersionUnnamed(sentence, newest=row.version)
    writing.lock(work, kind, row, intent)
    if row.status == ApprovalStatus.APPROVED:
        return row
    check_approvable(person, row, own_version_allowed=own_version_allowed)
    before = _approval(row)
    row.status, row.approved_version, row.approved_by = (
        ApprovalStatus.APPROVED,
        row.version,
        person.slack_user_id,
    )
    row.quarantine = None
    kind.put_in_force(row, work.now)
    return _decided(work, person, kind, row, Change.APPROVED, intent, before)


def check_approvable(person: Person, row: Row, *, own_version_allowed: bool) -> None:
    """Raise NotAllowed if the person is no platform admin or wrote this version, Conflict if it is deprecated."""
    check_may_approve(person, owner_of(row))
    if row.status == ApprovalStatus.DEPRECATED:
        raise Conflict(f"{row.name} is deprecated.", hint="Change it or roll it back to create a new draft.")
    if row.changed_by == person.slack_user_id and not own_version_allowed:
        raise NotAllowed(f"You wrote version {row.version} of {row.name}, so somebody else must approve it.")


def deprecate(
    work: UnitOfWork, person: Person, kind: DefinitionKind[Row], row: Row, intent: Intent = UNSAID
) -> Row:
    """Deprecate a definition, so that no version of it can start. Executions that have started are not affected.

    Raises NotAllowed unless the person is a platform admin or an admin of its team, and Conflict for a draft of which
    no version is in force, or if it was changed since it was read.
    """
    writing.lock(work, kind, row, intent)
    check_may_deprecate(person, owner_of(row))
    if row.status == ApprovalStatus.DEPRECATED:
        return row
    if not kind.is_in_force(row):
        raise Conflict(f"{row.name} is a draft, so it does not run anyway.", hint="You can delete it.")
    before = _approval(row)
    row.status = ApprovalStatus.DEPRECATED
    kind.stop(row)
    return _decided(work, person, kind, row, Change.DEPRECATED, intent, before)


def _approval(row: Row) -> JsonObject:
    return {"status": row.status, "approved_version": row.approved_version}


def _decided(
    work: UnitOfWork,
    person: Person,
    kind: DefinitionKind[Row],
    row: Row,
    done: Change,
    intent: Intent,
    before: JsonObject,
) -> Row:
    """Record the decision. The digest in the audit entry identifies the content that was decided on."""
    what = {"version": row.version, "digest": kind.digest_of(row), "note": intent.note}
    details = {**what, "before": before, "after": _approval(row)}
    writing.keep(work, person, kind, row, done, intent.note, details)
    return row
