"""Prepares the current step of a run, and checks that it still does what was approved.

An action inside a branch that was not taken is skipped. Before a step behind a gate acts, it is rendered again and
compared with what the gate showed, so that what runs is what was approved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.decisions.gates import GATE, covering_gates, entered_after, known_steps
from core.decisions.initiators import initiators_from_json
from core.definitions.actions import Branch
from core.definitions.masking import Masker
from core.definitions.secret import SecretUse
from core.definitions.secrets import texts_of
from core.execution.calling import CallsOfRun
from core.execution.preparation import Context, Ports, Prepared, prepare_part
from core.execution.preview import show_behind, show_step
from core.execution.run import Run
from core.execution.scope import scope_of
from core.execution.secrets import SecretScope
from core.origins import Origin
from core.statuses import Status
from core.tables import Approval, RunbookExecution
from core.values.execution import Execution, Json, Skipped, Step

TAKEN = "branch"


def took(branch: str) -> Json:
    """Return the output of a `branch` action that took `branch`."""
    return {TAKEN: branch}


def why_not_taken(branch: Branch, steps: Sequence[Step]) -> str | None:
    """Return why an action in the branch is skipped, or None if the branch was taken.

    `steps`: all steps of the execution, including the `branch` action, which has ended.
    """
    decided = next(step for step in steps if step.id == branch.action_id)
    taken = decided.output.get(TAKEN) if isinstance(decided.output, dict) else None
    if decided.status is not Status.SUCCEEDED:
        return f"{branch.action_id} took no branch: its status is {decided.status.value}."
    return None if taken == branch.name else f"{branch.action_id} took the other branch: {taken}."


def prepare_step(run: Run, position: int, ports: Ports) -> Prepared:
    """Return what the step at `position` will do. If it cannot be prepared it fails without a retry."""
    part, branch = run.loaded.parts[position], run.loaded.branches[position]
    why_not = why_not_taken(branch, run.state.steps) if branch is not None else None
    if why_not is not None:
        return Skipped(why_not)
    return prepare_part(part, context_of(run, position, ports), run.loaded.parts)


def context_of(run: Run, position: int, ports: Ports) -> Context:
    """Return the context of the step at `position`."""
    row, step, part = run.loaded.row, run.state.steps[position], run.loaded.parts[position]
    use = SecretUse(row.definition.get("team"), part.type, part.keeps_secrets_to_hosts)
    return Context(
        names=scope_of(row, run.state, run.incident, run.event, run.outer),
        key=f"{row.id}.{step.id}",
        execution_id=row.id,
        incident_id=row.incident_id,
        requester=row.requested_by if isinstance(row, RunbookExecution) else f"workflow:{row.workflow_name}",
        team=row.definition.get("team") or str(run.incident["team"]),
        position=position,
        attempt=step.attempt + 1,
        now=run.unit_of_work.clock.now(),
        ports=_ports_of(run, ports),
        masker=_masker((*ports.secrets.hidden(), *texts_of(run.hidden))),
        resumed=step.status is Status.WAITING and step.error is None,
        depth=run.depth,
        deadline=run.state.deadline,
        initiators=initiators_from_json(row.initiators)
        if isinstance(row, RunbookExecution)
        else run.initiators,
        secrets=SecretScope(lambda name: ports.secrets.give(name, use)),
        hidden=run.hidden,
        preview=partial(show_behind, run.loaded.parts, run.state.steps, position),
        asked_again=step.error if step.status is Status.PENDING else None,
        maybe_done=step.maybe_done,
        progress=step.progress,
        outer_steps=frozenset(_outer_steps(run)),
        cancelled=run.state.cancel_requested,
    )


def _outer_steps(run: Run) -> Iterable[str]:
    steps = run.outer.get("steps")
    return steps if isinstance(steps, Mapping) else ()


def _ports_of(run: Run, ports: Ports) -> Ports:
    """Return the ports with which every request names the run that makes it. They are the same for all its steps."""
    if run.ports is None:
        origin = Origin(run.loaded.row.id, run.depth + 1)
        run.ports = replace(ports, http=CallsOfRun(ports.http, ports.origins.headers(origin)))
    return run.ports


@lru_cache(maxsize=8)
def _masker(values: tuple[str, ...]) -> Masker:
    """Return a cached masker. Building one costs as much as a step, and the secrets rarely change."""
    return Masker(values)


def load_approved(session: Session, state: Execution) -> Mapping[str, list[Json]]:
    """Return what the passed gates of the execution showed, by approval id. A run without gates costs no query.

    Gates opened by an earlier release, which showed nothing, are left out.
    """
    ids = [found for step in state.steps if (found := approval_of(step)) is not None]
    if not ids:
        return {}
    query = select(Approval.id, Approval.shown).where(Approval.id.in_(ids), Approval.shown.is_not(None))
    return {id_: list(shown or ()) for id_, shown in session.execute(query)}


def approval_of(step: Step) -> str | None:
    """Return the id of the approval that let the run pass this gate, or None."""
    output = step.output if step.type == GATE and isinstance(step.output, dict) else {}
    found = output.get("approval")
    return str(found) if found is not None else None


def why_void(run: Run, position: int, ports: Ports) -> str | None:
    """Return why the approval of the step at `position` no longer covers it, or None if it does.

    What has been started is only looked at: its approval has been used.
    """
    if not run.approved or run.loaded.parts[position].type == GATE or run.state.steps[position].follows:
        return None
    step = run.state.steps[position].id
    for gate, shown in _shown_before(run, position):
        ids = [str(each["step"]) for each in shown if isinstance(each, dict)]
        known = known_steps(run.state.steps, gate, ids) | frozenset(_outer_steps(run))
        entered = entered_after(run.state.steps, gate)
        render = partial(show_step, run.loaded.parts, position, context=context_of(run, position, ports))
        if render(known | entered) not in shown:
            if entered and render(known) in shown:
                return f"Step {step} uses values that were entered after the approval."
            return f"Step {step} would now send something different from what was approved."
    return None


def _shown_before(run: Run, position: int) -> Iterator[tuple[int, list[Json]]]:
    for gate in covering_gates(run.state.steps, position):
        shown = run.approved.get(approval_of(run.state.steps[gate]) or "")
        if shown is not None:
            yield gate, shown
