"""Seals the audit trail into a hash chain, verifies it, and checks it against heads that are stored elsewhere.

The scheduler seals entries after their commit, in the order in which it finds them. Hashing them when they are written
would make every transaction wait for the previous one to commit (docs/adr/0011).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, select, text

from core.advisory_locks import Number, try_the
from core.decisions.audit_chain import GENESIS, Head, fault, seal
from core.tables import AuditEntry, AuditSeal, JsonObject
from core.unit_of_work import UnitOfWork

AT_ONCE = 500
READ_AT_ONCE = 2000

AnyRow = Row[*tuple[Any, ...]]

# All columns of an entry are sealed. They are selected as columns, because ORM objects take three times as long.
SEALED: tuple[Any, ...] = (
    AuditEntry.number,
    AuditEntry.created_at,
    AuditEntry.actor,
    AuditEntry.source,
    AuditEntry.token_id,
    AuditEntry.team,
    AuditEntry.action,
    AuditEntry.subject_id,
    AuditEntry.details,
)
PLACE: tuple[Any, ...] = (AuditSeal.position, AuditSeal.hash, AuditSeal.number.label("sealed"))
# Writes the positions and hashes of newly sealed entries. As SQL: one statement for all of them.
SEAL = text(
    """
UPDATE audit_seals AS seal SET position = :behind + made.place, hash = made.hash
FROM unnest(CAST(:numbers AS integer[]), CAST(:hashes AS text[])) WITH ORDINALITY AS made(number, hash, place)
WHERE seal.number = made.number
"""
)


@dataclass(frozen=True)
class ChainReport:
    """The result of a verification.

    `sealed`: the number of verified entries. `head`: the hash of the last of them. `unsealed`: the number of entries
    that are not in the chain yet. `broken`: a sentence about the first wrong row; None if the chain is intact.
    """

    sealed: int
    head: str
    unsealed: int
    broken: str | None = None


def content_of(entry: AuditEntry | AnyRow) -> JsonObject:
    """Return the content of an entry that is sealed, as JSON."""
    return {
        "number": entry.number,
        "created_at": entry.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "source": entry.source,
        "token_id": entry.token_id,
        "team": entry.team,
        "action": entry.action,
        "subject_id": entry.subject_id,
        "details": entry.details,
    }


def has_unsealed_entries(_: datetime) -> ColumnElement[bool]:
    """Return the condition that an entry is not in the chain yet."""
    return exists().where(AuditSeal.hash.is_(None))


def seal_entries(work: UnitOfWork) -> int:
    """Seal up to AT_ONCE entries in the order of their numbers. Return how many were sealed.

    If several schedulers try at the same time, one seals and the others do nothing.
    """
    if not try_the(work.session, Number.AUDIT):
        return 0
    position, previous = last_seal(work)
    numbers, hashes = [], []
    for entry in work.session.execute(_unsealed_entries()):
        previous = seal(content_of(entry), previous)
        numbers.append(entry.number)
        hashes.append(previous)
    if numbers:
        work.session.execute(SEAL, {"numbers": numbers, "hashes": hashes, "behind": position})
    return len(numbers)


def _unsealed_entries() -> Select[*tuple[Any, ...]]:
    """Select the unsealed entries, their numbers first: a plain join would read all entries from the start."""
    unsealed = select(AuditSeal.number).where(AuditSeal.hash.is_(None))
    few = unsealed.order_by(AuditSeal.number).limit(AT_ONCE).subquery()
    return select(*SEALED).join(few, few.c.number == AuditEntry.number).order_by(few.c.number)


def last_seal(work: UnitOfWork) -> tuple[int, str]:
    """Return the position and hash of the chain's end; 0 and GENESIS if it is empty.

    Rows without a position are excluded, because they come first in the index and would all be read.
    """
    newest = select(AuditSeal.position, AuditSeal.hash).where(AuditSeal.position.is_not(None))
    row = work.session.execute(newest.order_by(AuditSeal.position.desc()).limit(1)).one_or_none()
    return (row.position, row.hash) if row else (0, GENESIS)


def verify_chain(work: UnitOfWork, known_head: str | None = None) -> ChainReport:
    """Recompute the whole chain in the order of sealing, and stop at the first wrong row.

    `known_head`: a hash that was noted earlier, elsewhere. A chain that was rewritten from some row on is consistent in
    itself, but no longer contains it.
    """
    position, previous, broken = 0, GENESIS, None
    for row in _sealed_rows(work):
        broken = _fault(row, position + 1, previous)
        if broken is not None:
            break
        position, previous = position + 1, row.hash
    unsealed = work.session.scalar(select(func.count()).where(AuditSeal.hash.is_(None))) or 0
    broken = broken or _outside_the_chain(work) or _made_anew(work, known_head)
    return ChainReport(position, previous, unsealed, broken)


def _sealed_rows(work: UnitOfWork) -> Iterator[AnyRow]:
    """Yield the seals with their entries, if these exist. They are read in portions, so any length fits in memory."""
    rows = (
        select(*PLACE, *SEALED)
        .outerjoin(AuditEntry, AuditEntry.number == AuditSeal.number)
        .order_by(AuditSeal.position)
        .limit(READ_AT_ONCE)
    )
    behind = 0
    while portion := work.session.execute(rows.where(AuditSeal.position > behind)).all():
        yield from portion
        behind = portion[-1].position


def _fault(row: AnyRow, position: int, previous: str) -> str | None:
    if row.position != position:
        return f"Position {position} of the chain is missing: {position - 1} is followed by {row.position}."
    if row.number is None:
        return f"Entry {row.sealed} is missing; it was at position {position} of the chain."
    if seal(content_of(row), previous) != row.hash:
        return (
            f"Entry {row.number}, at position {position} of the chain, was changed after it was sealed: {row.action} "
            f"of {row.subject_id} by {row.actor}, {row.created_at:%Y-%m-%d %H:%M:%S} UTC."
        )
    return None


def _outside_the_chain(work: UnitOfWork) -> str | None:
    """Return a sentence about an entry without a row in the chain, if any. A trigger creates it with the entry."""
    has_seal = exists().where(AuditSeal.number == AuditEntry.number)
    number = work.session.scalar(select(func.min(AuditEntry.number)).where(~has_seal))
    return f"Entry {number} has no place in the chain." if number is not None else None


def _made_anew(work: UnitOfWork, known_head: str | None) -> str | None:
    if known_head is None or work.session.scalar(
        select(AuditSeal.number).where(AuditSeal.hash == known_head)
    ):
        return None
    return f"The chain is consistent, but does not contain {known_head}: it was rewritten from some row on."


def newest_head(work: UnitOfWork) -> Head | None:
    """Return the newest head, or None if nothing is sealed yet."""
    position, newest = last_seal(work)
    return Head(position, newest, work.now) if position else None


def missing_head(work: UnitOfWork, heads: Sequence[Head]) -> str | None:
    """Return a sentence about the first of these stored heads that the chain no longer has; None if it has all."""
    newest, _ = last_seal(work)
    for head in sorted(heads, key=lambda head: head.position):
        found = work.session.scalar(select(AuditSeal.hash).where(AuditSeal.position == head.position))
        if (wrong := fault(head, found, newest)) is not None:
            return wrong
    return None
