"""Creates, changes and deletes definitions, runbooks and workflows alike."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from core.decisions.people import Person
from core.definitions.runbook import RunbookDefinition
from core.definitions.workflow import WorkflowDefinition
from core.errors import AlreadyExists, Conflict, InvalidInput, NotFound, Stale, Superseded
from core.identifiers import new_id
from core.services.library.finding import check_may_write, owner_of, owning_team
from core.services.library.kinds import WRITES, Change, DefinitionKind, Row
from core.services.shared import audit
from core.services.shared.idempotency import serialize_on_key
from core.statuses import ACTIVE, ApprovalStatus
from core.tables import JsonObject
from core.unit_of_work import UnitOfWork

AnyDefinition = RunbookDefinition | WorkflowDefinition


@dataclass(frozen=True)
class Intent:
    """What a person states with a change: a note, and the version that they have read.

    `read_version`: its number; `read_digest`: its `DefinitionKind.digest_of`. None if they did not say.
    """

    note: str = ""
    read_version: int | None = None
    read_digest: str | None = None


UNSAID = Intent()


def create(
    work: UnitOfWork,
    person: Person,
    kind: DefinitionKind[Row],
    definition: AnyDefinition,
    intent: Intent = UNSAID,
) -> Row:
    """Create a definition, as a draft. Raises NotAllowed, and Conflict if the name is taken."""
    check_may_write(person, definition.team)
    if _named(work, kind, definition.name) is not None:
        raise _taken(kind, definition.name)
    row = kind.row(id=new_id(kind.prefix), name=definition.name, version=0, created_at=work.now)
    return write(work, person, kind, row, definition, Change.CREATED, intent.note)


def apply(
    work: UnitOfWork,
    person: Person,
    kind: DefinitionKind[Row],
    definition: AnyDefinition,
    intent: Intent = UNSAID,
) -> Row:
    """Create or update the definition of this name. Raises what `create` and `change` raise."""
    check_may_write(person, definition.team)
    row = _named(work, kind, definition.name)
    if row is None:
        return create(work, person, kind, definition, intent)
    if not person.may_see(owner_of(row)):
        raise _taken(kind, definition.name)
    return change(work, person, kind, row, definition, intent)


def _taken(kind: DefinitionKind[Row], name: str) -> AlreadyExists:
    """Return the error for a taken name. It reveals nothing about other teams: it is the same whoever owns the name."""
    return AlreadyExists(
        f"The name {name} is taken. Every {kind.noun} needs its own name.", hint="Choose another one."
    )


def _named(work: UnitOfWork, kind: DefinitionKind[Row], name: str) -> Row | None:
    """Return the definition of this name, locked. If there is none, nobody can create it until the transaction ends."""
    serialize_on_key(work, f"{kind.noun} {name}")
    table = kind.row
    query = select(table).where(table.name == name, table.deleted_at.is_(None)).with_for_update(of=table)
    return work.session.scalar(query.execution_options(populate_existing=True))


def change(
    work: UnitOfWork,
    person: Person,
    kind: DefinitionKind[Row],
    row: Row,
    definition: AnyDefinition,
    intent: Intent = UNSAID,
) -> Row:
    """Update the row to the definition. An identical definition changes nothing.

    Raises NotAllowed if the person may not write definitions of its team, or of the team that it moves to; what `lock`
    raises; and InvalidInput if the name differs.
    """
    lock(work, kind, row, intent)
    check_may_write(person, owner_of(row))
    check_may_write(person, definition.team)
    if definition.name != row.name:
        sentence = f"A {kind.noun} cannot be renamed. This one is called {row.name}."
        raise InvalidInput(sentence, hint="Create a new one with the other name.", field="name")
    done = kind.change_of(row, definition.document())
    return row if done is None else write(work, person, kind, row, definition, done, intent.note)


def lock(work: UnitOfWork, kind: DefinitionKind[Row], row: Row, intent: Intent) -> None:
    """Lock the row until the transaction ends.

    Raises Stale if it is at another version than the one that was read, Conflict if it was changed just now, and
    NotFound if it was deleted.
    """
    found = row.version
    work.session.refresh(row, with_for_update={"of": kind.row})
    if row.deleted_at is not None:
        raise NotFound(f"{row.name} was deleted.")
    check_read(kind, row, intent)
    if row.version != found:
        raise Superseded(f"{row.name} was changed just now. Read version {row.version} first.")


def check_read(kind: DefinitionKind[Row], row: Row, intent: Intent) -> None:
    """Raise Stale if the newest version is not the one that was read."""
    if intent.read_version not in (None, row.version):
        sentence = f"{row.name} is at version {row.version}, not at version {intent.read_version}."
        raise Stale(sentence, hint="Read it again first.")
    if intent.read_digest not in (None, kind.digest_of(row)):
        sentence = f"Version {row.version} of {row.name} is different from what you read."
        raise Stale(sentence, hint="Read it again first.")


def write(
    work: UnitOfWork,
    person: Person,
    kind: DefinitionKind[Row],
    row: Row,
    definition: AnyDefinition,
    done: Change,
    note: str,
) -> Row:
    """Write the definition into its row, which is locked or new. The caller has checked the permissions.

    A new version is always a draft.
    """
    before = {"version": row.version, "definition": row.definition}
    row.team = owning_team(work, definition.team)
    work.session.add(row)
    kind.settle(row, definition.document(), work.now)
    if done in WRITES:
        row.version, row.changed_by = row.version + 1, person.slack_user_id
        row.status, row.quarantine = ApprovalStatus.DRAFT, None
    after = {"version": row.version, "definition": row.definition}
    keep(work, person, kind, row, done, note, {"before": before, "after": after})
    return row


def keep(
    work: UnitOfWork,
    person: Person,
    kind: DefinitionKind[Row],
    row: Row,
    done: Change,
    note: str,
    details: Mapping[str, object],
    *,
    about: tuple[int, JsonObject] | None = None,
) -> None:
    """Save the row, with a line in its history and an entry in the audit trail.

    `about`: the version that the change is about and its content, if it is not the newest version.
    """
    version, definition = about or (row.version, row.definition)
    row.updated_at = work.now
    work.session.flush()
    line = kind.version(
        owner_id=row.id,
        version=version,
        change=done,
        status=row.status,
        definition=definition,
        changed_by=person.slack_user_id,
        note=note,
        created_at=work.now,
    )
    work.session.add(line)
    work.session.flush()
    audit.record(work, person, f"{kind.noun}.{done}", row.id, details)


def delete(
    work: UnitOfWork, person: Person, kind: DefinitionKind[Row], row: Row, intent: Intent = UNSAID
) -> Row:
    """Delete a definition. Its executions and its history stay, and its name becomes free.

    Raises NotAllowed, what `lock` raises, and Conflict while executions of it are active.
    """
    lock(work, kind, row, intent)
    check_may_write(person, owner_of(row))
    active = select(func.count()).where(kind.is_of(row), kind.execution.status.in_(ACTIVE))
    running = work.session.scalar(active)
    if running:
        runs = "1 execution is" if running == 1 else f"{running} executions are"
        raise Conflict(
            f"{row.name} cannot be deleted: {runs} active.", hint="Cancel them or wait until they end."
        )
    row.deleted_at = work.now
    before = {"version": row.version, "status": row.status}
    details = {"version": row.version, "before": before, "after": None}
    keep(work, person, kind, row, Change.DELETED, intent.note, details)
    return row
