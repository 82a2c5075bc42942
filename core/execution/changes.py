"""Changes from outside: a person decides, cancels, gives a verdict. No worker is needed for them."""

from core.decisions.execution import Event, Execution
from core.service import Work

from .applying import apply
from .obligations import fulfil
from .rows import Loaded


def apply_event(work: Work, loaded: Loaded, event: Event) -> Execution:
    """Advance a locked execution, save it with what that obliges us to, and ring if a worker is wanted.

    A worker that holds the execution keeps it: it meets the new revision at its next checkpoint.
    """
    return apply(
        work, loaded, event, lambda work, loaded, after: fulfil(work, loaded.row, loaded.state, after)
    )
