"""What has changed since an approval was last given at the same gate, for the people who decide now.

It is stored with the gate when it opens, so that what people read does not change under their eyes.
"""

from collections.abc import Sequence

from sqlalchemy import Select, select

from core.decisions.gate_changes import kept, request_differences, run_differences
from core.definitions.agents import without_gate
from core.services.executions.loading import gate_of
from core.statuses import GateStatus, Status
from core.tables import Approval, Incident, JsonObject, RunbookExecution, StepExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Json

NEWEST_RUNS = 200  # how many runs of the runbook are looked through
GIVEN = (GateStatus.APPROVED, GateStatus.VOID)  # a void approval was given, too


def since_last_approved(
    work: UnitOfWork, row: RunbookExecution, position: int, shown: Sequence[Json] | None
) -> JsonObject | None:
    """Return the last approval of this gate, and what differs now; None if it was never approved.

    If it was given for this very run, what the steps would send is compared; otherwise the definition and parameters.
    Only runs for incidents of the same team count: nobody is shown what another team did.
    """
    before = _of_this_run(work, row, position) or _of_another_run(work, row, position)
    if before is None:
        return None
    run = work.session.get_one(RunbookExecution, before.execution_id)
    found = (
        request_differences(_still_ahead(work, row, before.shown or ()), shown or ())
        if run.id == row.id
        else run_differences((_written(run), run.parameters), (_written(row), row.parameters))
    )
    return {
        "execution_id": run.id,
        "version": run.runbook_version,
        "approved_by": [each.slack_user_id for each in before.decisions if each.approved],
        "approved_at": before.closed_at.isoformat() if before.closed_at else None,
        **kept(found),
    }


def _written(run: RunbookExecution) -> JsonObject:
    """Return the definition without the gate that only an agent's run has: nobody changed the runbook there."""
    gate = gate_of(run)
    return without_gate(run.definition, gate) if gate is not None else run.definition


def _still_ahead(work: UnitOfWork, row: RunbookExecution, shown: Sequence[Json]) -> list[Json]:
    """Return what was shown of steps that have not happened meanwhile: the others are done, not removed."""
    pending = (StepExecution.execution_id == row.id, StepExecution.status == Status.PENDING)
    ahead = set(work.session.scalars(select(StepExecution.step_id).where(*pending)))
    return [each for each in shown if isinstance(each, dict) and each.get("step") in ahead]


def _of_this_run(work: UnitOfWork, row: RunbookExecution, position: int) -> Approval | None:
    of_run = select(Approval).where(Approval.execution_id == row.id, Approval.position == position)
    return _newest(work, of_run)


def _of_another_run(work: UnitOfWork, row: RunbookExecution, position: int) -> Approval | None:
    team = select(Incident.team_id).where(Incident.id == row.incident_id).scalar_subquery()
    runs = (
        select(RunbookExecution.id)
        .join(Incident, Incident.id == RunbookExecution.incident_id)
        .where(RunbookExecution.runbook_id == row.runbook_id, Incident.team_id == team)
        .order_by(RunbookExecution.created_at.desc(), RunbookExecution.id.desc())
        .limit(NEWEST_RUNS)
        .subquery()
    )
    step = (
        select(StepExecution.step_id)
        .where(StepExecution.execution_id == row.id, StepExecution.position == position)
        .scalar_subquery()
    )
    query = (
        select(Approval)
        .join(runs, runs.c.id == Approval.execution_id)
        .join(
            StepExecution,
            (StepExecution.execution_id == Approval.execution_id)
            & (StepExecution.position == Approval.position),
        )
        .where(StepExecution.step_id == step)
    )
    return _newest(work, query)


def _newest(work: UnitOfWork, query: Select[Approval]) -> Approval | None:
    given = query.where(Approval.status.in_(GIVEN), Approval.closed_at.is_not(None))
    return work.session.scalars(given.order_by(Approval.closed_at.desc(), Approval.id).limit(1)).first()
