"""Who joins the initiators of a run while it is under way: whoever enters values, or has a step run again."""

from core.decisions.initiators import Deed, initiated_by, initiators_from_json, initiators_to_json, joined
from core.decisions.people import Person
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork


def join_initiators(work: UnitOfWork, run: RunbookExecution, person: Person, deed: Deed) -> None:
    """Make the person an initiator of the run, and of the runs above it: a later gate there may cover what follows.

    The caller has locked the run. Those above are changed after it, the order in which everybody locks them.
    """
    here: RunbookExecution | None = run
    while here is not None:
        known = initiators_from_json(here.initiators)
        here.initiators = initiators_to_json(joined(known, initiated_by(person, deed)))
        above = here.parent_execution_id
        here = work.session.get_one(RunbookExecution, above, with_for_update=True) if above else None
