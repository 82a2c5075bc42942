"""The jobs that RQ may run: these two functions, and no other."""

from collections.abc import Callable

from core.execution.executor import Executor
from core.execution.kinds import RUNBOOK, WORKFLOW
from core.sabotage import reach

_executor: Executor | None = None


def use(executor: Executor) -> None:
    """Give the jobs of this process the executor that they run with: RQ can hand them only an id."""
    global _executor
    _executor = executor


def _the_executor() -> Executor:
    assert _executor is not None, "a worker calls jobs.use() before it takes jobs"
    return _executor


def run_runbook(execution_id: str) -> None:
    reach("job.taken")
    _the_executor().run(RUNBOOK, execution_id)


def run_workflow(execution_id: str) -> None:
    reach("job.taken")
    _the_executor().run(WORKFLOW, execution_id)


ALLOWED: dict[str, Callable[[str], None]] = {
    "workers.jobs.run_runbook": run_runbook,
    "workers.jobs.run_workflow": run_workflow,
}
