"""On whose account a run of our own calls us: who brought the run about brings about what it asks for."""

from core.decisions.initiators import Initiators, initiators_from_json
from core.identifiers import Prefix
from core.service import Work
from core.tables import IncidentEvent, RunbookExecution, WorkflowExecution


def initiators_behind(work: Work, execution_id: str) -> Initiators:
    """Of a runbook or workflow execution; nobody's where it is not there any more."""
    if execution_id.startswith(f"{Prefix.RUNBOOK_EXECUTION}_"):
        run = work.session.get(RunbookExecution, execution_id)
        return initiators_from_json(run.initiators) if run is not None else ()
    workflow = work.session.get(WorkflowExecution, execution_id)
    if workflow is None:
        return ()
    return initiators_from_json(work.session.get_one(IncidentEvent, workflow.event_id).initiators)
