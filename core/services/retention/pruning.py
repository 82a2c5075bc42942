"""Deletes old executions with their steps, gates, values and messages, in small portions of a transaction each.

The audit trail and the tallies stay. What a portion deleted is an entry of the audit trail, in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select

from core.decisions.people import Person
from core.decisions.policy import require
from core.decisions.policy_table import Action
from core.services.executions.kinds import RUNBOOK, Kind
from core.services.retention.choosing import deletable
from core.services.retention.rules import LEAST
from core.services.shared import audit
from core.tables import (
    Approval,
    ApprovalDecision,
    Base,
    InputRequest,
    Notice,
    RunbookExecution,
)
from core.unit_of_work import UnitOfWork

AT_ONCE = 100  # executions in a portion, and then their child runs
MOST_IN_FAMILIES = 1_000  # a portion ends with the run that exceeds this, with its child runs

SUBJECT = "retention"  # of the audit entries


def prune_portion(work: UnitOfWork, person: Person, kind: Kind, before: datetime) -> int:
    """Delete some of the executions that ended before this time, the oldest first. Return how many, without children.

    Executions that another transaction has locked are left out, so that several may prune at the same time, and
    nobody who retries an old run waits. `before` is at least LEAST ago.
    """
    require(person, Action.RUN_PRUNE, None, "Only an operator may delete old runs.")
    assert before <= work.now - LEAST
    chosen = _choose(work, kind, before)
    if not chosen:
        return 0
    roots, family = _families(work, chosen) if kind is RUNBOOK else (chosen, chosen)
    _delete(work, kind, family)
    details = {"kind": kind.name, "ended_before": before.isoformat(), "executions": len(family), "ids": roots}
    audit.record(work, person, "executions.pruned", SUBJECT, details)
    return len(roots)


def _choose(work: UnitOfWork, kind: Kind, before: datetime) -> list[str]:
    """Lock some of the executions, and return those of them that may still be deleted.

    A retry that was committed just before the lock is not seen by the statement that locks. None can follow: it would
    have to lock the same row.
    """
    return list(
        work.session.scalars(deletable(kind, before).where(kind.execution.id.in_(_lock(work, kind, before))))
    )


def _lock(work: UnitOfWork, kind: Kind, before: datetime) -> list[str]:
    locked = deletable(kind, before).limit(AT_ONCE).with_for_update(of=kind.execution, skip_locked=True)
    return list(work.session.scalars(locked))


def _families(work: UnitOfWork, chosen: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the runs that fit into a portion, and these together with their child runs."""
    root = RunbookExecution.root_execution_id
    sizes = dict(
        work.session.execute(select(root, func.count()).where(root.in_(chosen)).group_by(root)).all()
    )
    roots, total = list[str](), 0
    for each in chosen:
        if total >= MOST_IN_FAMILIES:
            break
        roots.append(each)
        total += sizes.get(each, 0)
    children = work.session.scalars(select(RunbookExecution.id).where(root.in_(roots)))
    return roots, [*roots, *children]


def _delete(work: UnitOfWork, kind: Kind, ids: Sequence[str]) -> None:
    incidents = select(kind.execution.incident_id).where(kind.execution.id.in_(ids)).distinct()
    subjects = [*ids]
    if kind is RUNBOOK:
        gates = list(work.session.scalars(select(Approval.id).where(Approval.execution_id.in_(ids))))
        asked = list(work.session.scalars(select(InputRequest.id).where(InputRequest.execution_id.in_(ids))))
        subjects += [*gates, *asked]
        _delete_rows(work, ApprovalDecision, ApprovalDecision.approval_id.in_(gates))
        _delete_rows(work, Approval, Approval.id.in_(gates))
        _delete_rows(work, InputRequest, InputRequest.id.in_(asked))
    of_them = or_(Notice.subject_id.in_(subjects), Notice.thread_of.in_(ids))
    _delete_rows(work, Notice, Notice.incident_id.in_(list(work.session.scalars(incidents))), of_them)
    _delete_rows(work, kind.step, kind.step.execution_id.in_(ids))
    # The database deletes callbacks and secret parameters with them.
    _delete_rows(work, kind.execution, kind.execution.id.in_(ids))


def _delete_rows(work: UnitOfWork, table: type[Base], *conditions: ColumnElement[bool]) -> None:
    statement = delete(table).where(*conditions).execution_options(synchronize_session=False)
    work.session.execute(statement)
