"""The library: definitions written, changed, deleted. Runbooks and workflows go the same way."""

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
    """What somebody says along with a change: why, and what they read before. None: they do not say.

    `read_version`: its number; `read_digest`: `Shelf.digest_of` it.
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
    """A new definition under a name that is free, a draft. Raises NotAllowed, and Conflict where the name is taken."""
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
    """Make the definition of that name what this one says, whether there is one or not. Raises as these two do."""
    check_may_write(person, definition.team)
    row = _named(work, kind, definition.name)
    if row is None:
        return create(work, person, kind, definition, intent)
    if not person.may_see(owner_of(row)):
        raise _taken(kind, definition.name)
    return change(work, person, kind, row, definition, intent)


def _taken(kind: DefinitionKind[Row], name: str) -> AlreadyExists:
    """The same sentence whoever has the name: it tells nothing of what other teams own."""
    return AlreadyExists(
        f"The name {name} is taken: every {kind.noun} has its own.", hint="Choose another one."
    )


def _named(work: UnitOfWork, kind: DefinitionKind[Row], name: str) -> Row | None:
    """Locked, and if there is none, nobody else makes one until the transaction ends."""
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
    """Make the row what the definition says. The same definition changes nothing.

    Raises NotAllowed for who may not write for the team that it belongs to, and for the one that it goes to; what
    `lock` raises; InvalidInput for another name.
    """
    lock(work, kind, row, intent)
    check_may_write(person, owner_of(row))
    check_may_write(person, definition.team)
    if definition.name != row.name:
        sentence = f"A {kind.noun} keeps its name: this one is {row.name}."
        raise InvalidInput(sentence, hint="Make a new one of the other name.", field="name")
    done = kind.change_of(row, definition.document())
    return row if done is None else write(work, person, kind, row, definition, done, intent.note)


def lock(work: UnitOfWork, kind: DefinitionKind[Row], row: Row, intent: Intent) -> None:
    """Nobody else changes the row until the transaction ends.

    Raises Stale where it is at another version than the one that was read, Conflict where it came to one just now,
    NotFound where it was deleted.
    """
    found = row.version
    work.session.refresh(row, with_for_update={"of": kind.row})
    if row.deleted_at is not None:
        raise NotFound(f"{row.name} was deleted.")
    check_read(kind, row, intent)
    if row.version != found:
        raise Superseded(f"{row.name} was changed just now. Read version {row.version} first.")


def check_read(kind: DefinitionKind[Row], row: Row, intent: Intent) -> None:
    """Raise Stale where the newest version is not the one that was read."""
    if intent.read_version not in (None, row.version):
        sentence = f"{row.name} is at version {row.version}, not at version {intent.read_version}."
        raise Stale(sentence, hint="Read it again first.")
    if intent.read_digest not in (None, kind.digest_of(row)):
        sentence = f"Version {row.version} of {row.name} says something else than what you read."
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
    """Write the definition into its row, which is locked or new; who may was asked before.

    What makes a new version makes a draft, whatever it was before.
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
    """Save the row, with a line in its history and one in the audit trail.

    `about`: the version that was decided about and what it says, where that is not the newest one.
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
    """Take it off its shelf. Its executions and its history stay, its name becomes free.

    Raises NotAllowed, what `lock` raises, and Conflict while it runs.
    """
    lock(work, kind, row, intent)
    check_may_write(person, owner_of(row))
    active = select(func.count()).where(kind.is_of(row), kind.execution.status.in_(ACTIVE))
    running = work.session.scalar(active)
    if running:
        runs = "1 execution of it is" if running == 1 else f"{running} executions of it are"
        raise Conflict(f"{row.name} stays: {runs} active.", hint="Cancel what runs, or let it end.")
    row.deleted_at = work.now
    before = {"version": row.version, "status": row.status}
    details = {"version": row.version, "before": before, "after": None}
    keep(work, person, kind, row, Change.DELETED, intent.note, details)
    return row
