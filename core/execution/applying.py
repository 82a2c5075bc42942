"""Applying an event to a locked execution, and saving what it makes of it."""

from collections.abc import Callable

from core.decisions.advance import advance
from core.decisions.execution import Event, Execution
from core.service import Work

from .checkpoint import Change, save
from .rows import Loaded

Fulfil = Callable[[Work, Loaded, Execution], None]


def apply(work: Work, loaded: Loaded, event: Event, fulfil: Fulfil) -> Execution:
    """Advance, save, do what that obliges us to (`fulfil`, given the new state), and ring if a worker is wanted.

    A worker that holds the execution keeps it: it meets the new revision at its next checkpoint.
    """
    row, before = loaded.row, loaded.state
    after = advance(before, event, work.now).execution
    if after == before:
        return after
    held = row.worker is not None
    wake_at = row.wake_at if held and not after.status.is_final else after.wake_at
    change = Change(loaded.kind, row.id, row.revision, before, after, wake_at, not held)
    work.session.flush()
    saved = save(work.session, change)
    assert saved, "the row is locked, so nobody else can have changed it"
    work.announces = True
    fulfil(work, loaded, after)
    if not held and after.wake_at is not None:
        work.ring(loaded.kind.name, row.id)
    return after
