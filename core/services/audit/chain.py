"""Sealing the audit trail, verifying it, and the heads that are kept elsewhere.

Sealing the audit trail, and verifying it.

Entries are sealed after their commit, by the clock, in the order in which they are found. Hashing them as they are
written would make every transaction wait for the commit of the one before (docs/adr/0011).

Heads of the audit trail in the database: the newest one, and whether earlier ones are still there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import Row, Select, exists, func, select, text

from core.advisory_locks import Number, try_the
from core.decisions.audit_chain import GENESIS, Head, fault, seal
from core.tables import AuditEntry, AuditSeal, JsonObject
from core.unit_of_work import UnitOfWork

AT_ONCE = 500
READ_AT_ONCE = 2000

AnyRow = Row[*tuple[Any, ...]]

# What of an entry is sealed: all of it. Columns, for objects that keep track of themselves take three times as long.
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
SEAL = text(
    """
UPDATE audit_seals AS seal SET position = :behind + made.place, hash = made.hash
FROM unnest(CAST(:numbers AS integer[]), CAST(:hashes AS text[])) WITH ORDINALITY AS made(number, hash, place)
WHERE seal.number = made.number
"""
)


@dataclass(frozen=True)
class ChainReport:
    """`broken`: the first row that is wrong, and how, as a sentence; None for a chain that is whole.

    `sealed` entries were verified, up to `head`, the hash of the last of them; `unsealed` are not in the chain yet.
    """

    sealed: int
    head: str
    unsealed: int
    broken: str | None = None


def content_of(entry: AuditEntry | AnyRow) -> JsonObject:
    """What of an entry is sealed, as JSON."""
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


def seal_entries(work: UnitOfWork) -> int:
    """Seal up to AT_ONCE entries, those of smaller numbers first. Returns how many.

    Any number of clocks may try: one seals, the others do nothing.
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
    """The numbers first, then each entry by its number: joined at once they would be read from the first one on."""
    unsealed = select(AuditSeal.number).where(AuditSeal.hash.is_(None))
    few = unsealed.order_by(AuditSeal.number).limit(AT_ONCE).subquery()
    return select(*SEALED).join(few, few.c.number == AuditEntry.number).order_by(few.c.number)


def last_seal(work: UnitOfWork) -> tuple[int, str]:
    """Position and hash of the chain's end; 0 and GENESIS for an empty one.

    By its position, for in the order of the index what has none yet comes first: it would all be read.
    """
    newest = select(AuditSeal.position, AuditSeal.hash).where(AuditSeal.position.is_not(None))
    row = work.session.execute(newest.order_by(AuditSeal.position.desc()).limit(1)).one_or_none()
    return (row.position, row.hash) if row else (0, GENESIS)


def verify_chain(work: UnitOfWork, known_head: str | None = None) -> ChainReport:
    """Compute the whole chain anew, row by row in the order of sealing, and stop at the first that is wrong.

    `known_head`: a head that somebody wrote down earlier, elsewhere. A chain that was made anew from some row on is
    whole in itself, but no longer has it.
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
    """Read in portions, so that a trail of any length fits: seals, with their entries as far as these are there."""
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
        return f"Position {position} of the chain is gone: behind {position - 1} comes {row.position}."
    if row.number is None:
        return f"Entry {row.sealed} is gone; it was at position {position} of the chain."
    if seal(content_of(row), previous) != row.hash:
        return (
            f"Entry {row.number}, at position {position} of the chain, is not as it was sealed: {row.action} "
            f"of {row.subject_id} by {row.actor}, {row.created_at:%Y-%m-%d %H:%M:%S} UTC."
        )
    return None


def _outside_the_chain(work: UnitOfWork) -> str | None:
    """Every entry has its place, sealed or not: a trigger makes it with the entry."""
    has_seal = exists().where(AuditSeal.number == AuditEntry.number)
    number = work.session.scalar(select(func.min(AuditEntry.number)).where(~has_seal))
    return f"Entry {number} has no place in the chain." if number is not None else None


def _made_anew(work: UnitOfWork, known_head: str | None) -> str | None:
    if known_head is None or work.session.scalar(
        select(AuditSeal.number).where(AuditSeal.hash == known_head)
    ):
        return None
    return f"The chain is whole, but {known_head} is not in it: from some row on it was made anew."


def newest_head(work: UnitOfWork) -> Head | None:
    """None for a trail of which nothing is sealed yet."""
    position, newest = last_seal(work)
    return Head(position, newest, work.now) if position else None


def missing_head(work: UnitOfWork, heads: Sequence[Head]) -> str | None:
    """Of the heads that somebody kept, the first one that the chain no longer has, as a sentence. None: it has all."""
    newest, _ = last_seal(work)
    for head in sorted(heads, key=lambda head: head.position):
        found = work.session.scalar(select(AuditSeal.hash).where(AuditSeal.position == head.position))
        if (wrong := fault(head, found, newest)) is not None:
            return wrong
    return None
