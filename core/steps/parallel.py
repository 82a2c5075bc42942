"""The `parallel` step: run several lists of steps at the same time, each as a child run."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from core.decisions.children import OnChildFailure, PlannedChild
from core.definitions.fields import Path, StepId
from core.definitions.steps import StepDefinition
from core.effects.children import prepare_children
from core.execution.preparation import Context, Prepared
from core.steps.runbook import InlineSteps

MOST_BRANCHES = 20


class ParallelStep(StepDefinition):
    """Run each of the `branches` at the same time, as a child run of its own.

    It is the step `runbook` with a different list of steps for each child, and has the same output.
    """

    touches_outside = False
    example = """
id: both
type: parallel
branches:
  database:
    - {id: stop_writes, type: http, method: POST, url: "{{ secrets.DB_API }}/read-only"}
  caches:
    - {id: flush, type: shell, argv: [redis-cli, flushall]}
"""

    type: Literal["parallel"]
    branches: Annotated[dict[StepId, InlineSteps], Field(min_length=1, max_length=MOST_BRANCHES)]
    """The steps of each branch, by its name. They see what this runbook's earlier steps see, but no other branch."""
    on_child_failure: OnChildFailure = "continue"
    """What happens once a branch has failed: `continue` lets the others go on, `cancel` cancels them."""
    need: Literal["all", "any"] | Annotated[int, Field(ge=1, strict=True)] = "all"
    """How many branches must succeed for the step to succeed."""

    @property
    def inner_steps(self) -> Sequence[tuple[Path, Sequence[StepDefinition]]]:
        return [(("branches", name), steps) for name, steps in self.branches.items()]

    def prepare(self, context: Context) -> Prepared:
        planned = [PlannedChild(name, source=("branches", name)) for name in self.branches]
        return prepare_children(self, planned, context, concurrency=len(self.branches))
