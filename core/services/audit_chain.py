"""Sealing the audit trail, and verifying it.

Entries are sealed after their commit, by the clock, in the order in which they are found. Hashing them as they are
written would make every transaction wait for the commit of the one before (docs/adr/0011).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import Select, exists, func, select, update

from core.decisions.audit_chain import GENESIS, seal
from core.service import Work
from core.tables import AuditEntry, AuditSeal, JsonObject

AT_ONCE = 500
ADVISORY_LOCK = 7_261_154  # any number that only the sealing uses


@dataclass(frozen=True)
class ChainReport:
    """`broken`: the first row that is wrong, and how, as a sentence; None for a chain that is whole.

    `sealed` entries were verified, up to `head`, the hash of the last of them; `unsealed` are not in the chain yet.
    """

    sealed: int
    head: str
    unsealed: int
    broken: str | None = None


def content_of(entry: AuditEntry) -> JsonObject:
    """What of an entry is sealed: all of it."""
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


def seal_entries(work: Work) -> int:
    """Seal up to AT_ONCE entries, those of smaller numbers first. Returns how many.

    Any number of clocks may try: one seals, the others do nothing.
    """
    if not work.session.scalar(select(func.pg_try_advisory_xact_lock(ADVISORY_LOCK))):
        return 0
    position, previous = _last_seal(work)
    sealed = []
    for entry in work.session.scalars(_unsealed_entries()):
        position, previous = position + 1, seal(content_of(entry), previous)
        sealed.append({"number": entry.number, "position": position, "hash": previous})
    if sealed:
        work.session.execute(update(AuditSeal), sealed)
    return len(sealed)


def _unsealed_entries() -> Select[AuditEntry]:
    unsealed = select(AuditEntry).join(AuditSeal, AuditSeal.number == AuditEntry.number)
    return unsealed.where(AuditSeal.hash.is_(None)).order_by(AuditSeal.number).limit(AT_ONCE)


def _last_seal(work: Work) -> tuple[int, str]:
    newest = select(AuditSeal.position, AuditSeal.hash).where(AuditSeal.hash.is_not(None))
    row = work.session.execute(newest.order_by(AuditSeal.position.desc()).limit(1)).one_or_none()
    return (row.position, row.hash) if row else (0, GENESIS)


def verify_chain(work: Work, known_head: str | None = None) -> ChainReport:
    """Compute the whole chain anew, row by row in the order of sealing, and stop at the first that is wrong.

    `known_head`: a head that somebody wrote down earlier, elsewhere. A chain that was made anew from some row on is
    whole in itself, but no longer has it.
    """
    position, previous, broken = 0, GENESIS, None
    for sealed, entry in _sealed_rows(work):
        broken = _fault(sealed, entry, position + 1, previous)
        if broken is not None:
            break
        position, previous = position + 1, sealed.hash or ""
    unsealed = work.session.scalar(select(func.count()).where(AuditSeal.hash.is_(None))) or 0
    broken = broken or _outside_the_chain(work) or _made_anew(work, known_head)
    return ChainReport(position, previous, unsealed, broken)


def _sealed_rows(work: Work) -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    """Read in portions, so that a trail of any length fits."""
    rows = (
        select(AuditSeal, AuditEntry)
        .outerjoin(AuditEntry, AuditEntry.number == AuditSeal.number)
        .order_by(AuditSeal.position)
        .limit(AT_ONCE)
    )
    behind = 0
    while portion := work.session.execute(rows.where(AuditSeal.position > behind)).all():
        yield from ((row[0], row[1]) for row in portion)
        behind = portion[-1][0].position or 0
        work.session.expunge_all()


def _fault(sealed: AuditSeal, entry: AuditEntry | None, position: int, previous: str) -> str | None:
    if sealed.position != position:
        return f"Position {position} of the chain is gone: behind {position - 1} comes {sealed.position}."
    if entry is None:
        return f"Entry {sealed.number} is gone; it was at position {position} of the chain."
    if seal(content_of(entry), previous) != sealed.hash:
        return (
            f"Entry {entry.number}, at position {position} of the chain, is not as it was sealed: {entry.action} "
            f"of {entry.subject_id} by {entry.actor}, {entry.created_at:%Y-%m-%d %H:%M:%S} UTC."
        )
    return None


def _outside_the_chain(work: Work) -> str | None:
    """Every entry has its place, sealed or not: a trigger makes it with the entry."""
    has_seal = exists().where(AuditSeal.number == AuditEntry.number)
    number = work.session.scalar(select(func.min(AuditEntry.number)).where(~has_seal))
    return f"Entry {number} has no place in the chain." if number is not None else None


def _made_anew(work: Work, known_head: str | None) -> str | None:
    if known_head is None or work.session.scalar(
        select(AuditSeal.number).where(AuditSeal.hash == known_head)
    ):
        return None
    return f"The chain is whole, but {known_head} is not in it: from some row on it was made anew."
