"""Preparing the current step: its condition, its scope, its own answer."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from core.decisions.branches import why_not_taken
from core.decisions.execution import Failed, Skipped
from core.definitions.expressions import compile_expression
from core.definitions.secrets import Masker, SecretScope
from core.errors import ConfigurationError, RunbookError
from core.origins import Origin
from core.statuses import Status
from core.steps.base import StepDefinition
from core.tables import RunbookExecution

from .calling import CallsOfRun
from .kinds import AnyPart
from .preparation import Context, Ports, Preparable, Prepared
from .run import Run
from .scope import scope_of


def prepare_step(run: Run, position: int, ports: Ports) -> Prepared:
    """What the step at `position` will do. Where it cannot be prepared it fails, and no retry would help."""
    part, arm = run.loaded.parts[position], run.loaded.arms[position]
    why_not = why_not_taken(arm, run.state.steps) if arm is not None else None
    if why_not is not None:
        return Skipped(why_not)
    return prepare_part(part, _context(run, position, ports), run.loaded.parts)


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


def _context(run: Run, position: int, ports: Ports) -> Context:
    row, step = run.loaded.row, run.state.steps[position]
    secrets = SecretScope(ports.secrets)
    return Context(
        scope={**scope_of(row, run.state, run.incident, run.event), "secrets": secrets},
        key=f"{row.id}.{step.id}",
        execution_id=row.id,
        incident_id=row.incident_id,
        requester=row.requested_by if isinstance(row, RunbookExecution) else f"workflow:{row.workflow_name}",
        team=row.definition.get("team") or str(run.incident["team"]),
        position=position,
        attempt=step.attempt + 1,
        now=run.service.clock.now(),
        ports=replace(ports, http=_http_of(run, ports)),
        masker=_masker(tuple(ports.secrets.values())),
        resumed=step.status is Status.WAITING and step.error is None,
        depth=run.depth,
        deadline=run.state.deadline,
    )


def _http_of(run: Run, ports: Ports) -> CallsOfRun:
    origin = Origin(run.loaded.row.id, run.depth + 1)
    return CallsOfRun(ports.http, ports.origins.headers(origin))


def _with_callbacks(context: Context, parts: Sequence[AnyPart]) -> Context:
    """Where the runbook has steps that are called back, `callbacks` has their addresses, which nobody else may see.

    Raises ConfigurationError where nobody could call back: at the first step, before anything happened.
    """
    ids = [part.id for part in parts if isinstance(part, StepDefinition) and part.is_called_back]
    if not ids:
        return context
    urls = context.ports.callbacks.urls(context.execution_id, ids)
    tokens = [url.rpartition("/")[2] for url in urls.values()]
    masker = Masker([*context.ports.secrets.values(), *tokens])
    return replace(context, scope={**context.scope, "callbacks": urls}, masker=masker)


@lru_cache(maxsize=8)
def _masker(values: tuple[str, ...]) -> Masker:
    """Making one costs as much as a step; the secrets hardly ever change."""
    return Masker(values)
