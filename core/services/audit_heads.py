"""Heads of the audit trail in the database: the newest one, and whether earlier ones are still there."""

from collections.abc import Sequence

from sqlalchemy import select

from core.decisions.audit_head import Head, fault
from core.service import Work
from core.services.audit_chain import last_seal
from core.tables import AuditSeal


def newest_head(work: Work) -> Head | None:
    """None for a trail of which nothing is sealed yet."""
    position, newest = last_seal(work)
    return Head(position, newest, work.now) if position else None


def missing_head(work: Work, heads: Sequence[Head]) -> str | None:
    """Of the heads that somebody kept, the first one that the chain no longer has, as a sentence. None: it has all."""
    newest, _ = last_seal(work)
    for head in sorted(heads, key=lambda head: head.position):
        found = work.session.scalar(select(AuditSeal.hash).where(AuditSeal.position == head.position))
        if (wrong := fault(head, found, newest)) is not None:
            return wrong
    return None
