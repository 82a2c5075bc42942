"""Preparing the current step: whether its arm is taken, what it may know, and its own answer."""

from dataclasses import replace
from functools import lru_cache, partial

from core.decisions.branches import why_not_taken
from core.decisions.execution import Skipped
from core.decisions.initiators import initiators_from_json
from core.definitions.masking import Masker
from core.definitions.secret_parameters import texts_of
from core.definitions.secret_use import SecretUse
from core.origins import Origin
from core.statuses import Status
from core.tables import RunbookExecution

from .calling import CallsOfRun
from .parts import prepare_part
from .preparation import Context, Ports, Prepared
from .preview import show_behind
from .run import Run
from .scope import scope_of
from .secrets import SecretScope


def prepare_step(run: Run, position: int, ports: Ports) -> Prepared:
    """What the step at `position` will do. Where it cannot be prepared it fails, and no retry would help."""
    part, arm = run.loaded.parts[position], run.loaded.arms[position]
    why_not = why_not_taken(arm, run.state.steps) if arm is not None else None
    if why_not is not None:
        return Skipped(why_not)
    context = context_of(run, position, ports)
    preview = partial(show_behind, run.loaded.parts, run.state.steps, position, context)
    return prepare_part(part, replace(context, preview=preview), run.loaded.parts)


def context_of(run: Run, position: int, ports: Ports) -> Context:
    """What the step at `position` may know."""
    row, step, part = run.loaded.row, run.state.steps[position], run.loaded.parts[position]
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
        ports=replace(ports, http=_http_of(run, ports)),
        masker=_masker((*ports.secrets.hidden(), *texts_of(run.hidden))),
        resumed=step.status is Status.WAITING and step.error is None,
        depth=run.depth,
        deadline=run.state.deadline,
        initiators=initiators_from_json(row.initiators)
        if isinstance(row, RunbookExecution)
        else run.initiators,
        secrets=SecretScope(lambda name: ports.secrets.give(name, use)),
        hidden=run.hidden,
        asked_again=step.error if step.status is Status.PENDING else None,
        maybe_done=step.maybe_done,
    )


def _http_of(run: Run, ports: Ports) -> CallsOfRun:
    origin = Origin(run.loaded.row.id, run.depth + 1)
    return CallsOfRun(ports.http, ports.origins.headers(origin))


@lru_cache(maxsize=8)
def _masker(values: tuple[str, ...]) -> Masker:
    """Making one costs as much as a step; the secrets hardly ever change."""
    return Masker(values)
