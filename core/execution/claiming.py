"""Claims an execution for a worker, with all that the run needs, and checks whether it may continue.

It happens once for each time that a worker takes a run, in one transaction of two statements: one takes the lease, the
other reads the steps. Only runs with secret parameters, with gates that they have passed, with a parent, or of a lost
worker need more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session, defer, lazyload

from core.errors import Conflict
from core.execution.outer import outer_scope
from core.execution.prepare import load_approved
from core.services.executions import secret_parameters
from core.services.executions.kinds import AnyExecution, Kind
from core.services.executions.loading import Loaded, with_steps
from core.services.library.runbooks import check_runnable
from core.services.library.workflows_in_force import check_in_force
from core.services.shared.incident_scope import incident_scope
from core.tables import Incident, IncidentEvent, Runbook, RunbookExecution, Workflow
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from core.values.execution import Json

from .lease import Abandoned, claim
from .losses import why_not_after_a_loss
from .run import Run
from .run_values import settle_values


def claim_run(
    unit_of_work: UnitOfWorkFactory, kind: Kind, execution_id: str, worker: str
) -> tuple[Run, Abandoned | None] | None:
    """Claim the execution. Return its run, and the lost worker that it was taken over from, if any.

    Return None if it is not due or another worker holds it. Raises AnotherDatabase.
    """
    with Session(unit_of_work.engine, expire_on_commit=False) as session, session.begin():
        claimed = claim(session, kind, execution_id, worker, unit_of_work.clock)
        if claimed is None:
            return None
        work = UnitOfWork(session, unit_of_work.clock.now(), unit_of_work.admins, limits=unit_of_work.limits)
        run = _run(unit_of_work, work, load_around(session, kind, claimed.row), claimed.abandoned)
    if work.announces:
        unit_of_work.announcer.announce()
    return run, claimed.abandoned


@dataclass(frozen=True)
class Around:
    """A claimed execution with its incident, the definition that it runs, and the event that started a workflow."""

    loaded: Loaded
    incident: Incident
    definition: Runbook | Workflow
    event: IncidentEvent | None


def load_around(session: Session, kind: Kind, row: AnyExecution) -> Around:
    """Load the steps of the execution, and what else a claim needs, in one statement.

    The lease is taken before, so that an approval that was withdrawn until then is seen.
    """
    rows = session.execute(_around(kind, row)).all()
    _, incident, definition, event = rows[0]
    return Around(with_steps(kind, row, [each[0] for each in rows]), incident, definition, event)


def _around(kind: Kind, row: AnyExecution) -> Select[Any, Incident, Any, IncidentEvent]:
    """Select the steps in order. Beside the first of them is what there is once for each execution."""
    if isinstance(row, RunbookExecution):
        definition_id, event_id = row.runbook_id, None
    else:
        definition_id, event_id = row.workflow_id, row.event_id
    step, definition, first = kind.step, kind.definition, kind.step.position == 0
    return (
        select(step, Incident, definition, IncidentEvent)
        .outerjoin(Incident, and_(first, Incident.id == row.incident_id))
        .outerjoin(definition, and_(first, definition.id == definition_id))
        .outerjoin(IncidentEvent, and_(first, IncidentEvent.id == event_id))
        .where(step.execution_id == row.id)
        .order_by(step.position)
        .options(defer(definition.definition), lazyload(definition.team))
    )


def _run(
    unit_of_work: UnitOfWorkFactory, work: UnitOfWork, around: Around, abandoned: Abandoned | None
) -> Run:
    loaded, row = around.loaded, around.loaded.row
    incident = incident_scope(around.incident)
    refused = _refusal(work, around, abandoned) or settle_values(row, incident)
    hidden, lost = _hidden(work.session, row)
    run = Run(unit_of_work, loaded, incident, refused or lost, around.event)
    run.hidden = hidden
    run.outer = outer_scope(work.session, row)
    run.approved = load_approved(work.session, loaded.state)
    return run


def _hidden(session: Session, row: AnyExecution) -> tuple[Mapping[str, Json], str | None]:
    """Return the secret parameters, or why the execution cannot continue if they are lost."""
    try:
        return secret_parameters.load(session, row) if isinstance(row, RunbookExecution) else {}, None
    except Conflict as error:
        return {}, str(error)


def _refusal(work: UnitOfWork, around: Around, abandoned: Abandoned | None) -> str | None:
    """Return why the execution may not continue, or None. A cancelled one ends as cancelled, so it is let through."""
    if around.loaded.row.cancel_requested:
        return None
    why_not = why_not_after_a_loss(work, around.loaded, abandoned) if abandoned is not None else None
    return why_not or _why_not_started(around)


def _why_not_started(around: Around) -> str | None:
    """Return why the execution must not start, or None.

    Only an approved version may start, and it may have lost its approval since the run was requested.
    """
    row, definition = around.loaded.row, around.definition
    if row.started_at is not None or (isinstance(row, RunbookExecution) and row.child_scope is not None):
        return None  # inline steps of a child belong to its parent, which has started
    try:
        if isinstance(definition, Runbook):
            assert isinstance(row, RunbookExecution)
            check_runnable(definition, version=row.runbook_version)
        else:
            check_in_force(definition)
    except Conflict as error:
        return str(error)
    return None
