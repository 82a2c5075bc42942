"""Preparing the current step: its condition, its scope, its own answer."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from core.decisions.branches import why_not_taken
from core.decisions.execution import Failed, Skipped
from core.definitions.expressions import compile_expression
from core.definitions.masking import Masker
from core.definitions.secret_use import SecretUse
from core.errors import ConfigurationError, RunbookError
from core.statuses import Status
from core.steps.base import StepDefinition
from core.tables import RunbookExecution

from .kinds import AnyPart
from .preparation import Context, Ports, Preparable, Prepared
from .run import Run
from .scope import scope_of
from .secrets import SecretScope


def prepare_step(run: Run, position: int, ports: Ports) -> Prepared:
    """What the step at `position` will do. Where it cannot be prepared it fails, and no retry would help."""
    part, arm = run.loaded.parts[position], run.loaded.arms[position]
    why_not = why_not_taken(arm, run.state.steps) if arm is not None else None
    if why_not is not None:
        return Skipped(why_not)
    return prepare_part(part, _context(run, part, position, ports), run.loaded.parts)


def prepare_part(part: AnyPart, context: Context, parts: Sequence[AnyPart]) -> Prepared:
    """The same for a step, or an action, and all that it may know; `parts`: all there are."""
    try:
        context = _with_callbacks(context, parts)
        if part.condition is not None and not compile_expression(part.condition).is_true(context.scope):
            return part.unmet()
        if not isinstance(part, Preparable):
            raise ConfigurationError(f"The type {part.type} has fields, but no `prepare`: it can do nothing.")
        return part.prepare(context)
    except RunbookError as error:
        return Failed(context.masker.mask(str(error)), final=True)


def _context(run: Run, part: AnyPart, position: int, ports: Ports) -> Context:
    row, step = run.loaded.row, run.state.steps[position]
    use = SecretUse(row.definition.get("team"), part.type, part.keeps_secrets_to_hosts)
    return Context(
        names=scope_of(row, run.state, run.incident, run.event),
        key=f"{row.id}.{step.id}",
        execution_id=row.id,
        incident_id=row.incident_id,
        requester=row.requested_by if isinstance(row, RunbookExecution) else f"workflow:{row.workflow_name}",
        team=row.definition.get("team") or str(run.incident["team"]),
        position=position,
        attempt=step.attempt + 1,
        now=run.service.clock.now(),
        ports=ports,
        masker=_masker(ports.secrets.hidden()),
        resumed=step.status is Status.WAITING and step.error is None,
        depth=run.depth,
        deadline=run.state.deadline,
        secrets=SecretScope(lambda name: ports.secrets.give(name, use)),
    )


def _with_callbacks(context: Context, parts: Sequence[AnyPart]) -> Context:
    """Where the runbook has steps that are called back, `callbacks` has their addresses, which nobody else may see.

    Raises ConfigurationError where nobody could call back: at the first step, before anything happened.
    """
    ids = [part.id for part in parts if isinstance(part, StepDefinition) and part.is_called_back]
    if not ids:
        return context
    urls = context.ports.callbacks.urls(context.execution_id, ids)
    tokens = [url.rpartition("/")[2] for url in urls.values()]
    masker = Masker([*context.ports.secrets.hidden(), *tokens])
    return replace(context, names={**context.names, "callbacks": urls}, masker=masker)


@lru_cache(maxsize=8)
def _masker(values: tuple[str, ...]) -> Masker:
    """Making one costs as much as a step; the secrets hardly ever change."""
    return Masker(values)
