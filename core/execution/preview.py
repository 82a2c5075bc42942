"""Previews of what an approval covers: each step behind the gate, prepared as for the real run but not executed.

No secret is read: `{{ secrets.NAME }}` appears in its place. Results of earlier steps that are not known yet appear as
`‹lag.seconds›`. Before such a step acts, it is rendered in the same way again and compared with the preview.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from core.decisions.gates import GATE, known_steps, steps_behind
from core.definitions.durations import format_duration
from core.definitions.secrets import SecretPlaces
from core.definitions.steps import StepDefinition
from core.definitions.templates import ANGLES, ASCII, depends_on_earlier_steps, with_stand_ins
from core.errors import NotAllowed, RunbookError
from core.execution.preparation import Context, Inside, Outside, Ports, Prepared, prepare_part
from core.io.process import Command
from core.services.executions.loading import AnyPart
from core.statuses import WaitingFor
from core.values.execution import Failed, Json, Skipped, Step, Waits

Runs = Literal["yes", "no", "depends"]


class Closed:
    """Ports that refuse every call, for steps that are prepared but not executed."""

    limits_programs = True  # only the workers know which programs are allowed

    def check(self, command: Command) -> None:
        """Accept any command, since it will not run."""

    def call(self, *_: object) -> Any:
        raise NotAllowed("A preview makes no HTTP calls.")

    def run(self, *_: object) -> Any:
        raise NotAllowed("A preview runs no commands.")

    def execute(self, *_: object) -> Any:
        raise NotAllowed("A preview executes no statements.")

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


@dataclass(frozen=True)
class Rendered:
    """A step rendered before the run reaches it.

    `runs`: whether it will run: `yes`, `no`, or `depends` (on values in its condition that are not known yet).
    `prepared`: None if it depends on earlier steps in a way that no placeholder can represent.
    `depends`: True if anything in it is not known yet.
    """

    runs: Runs
    prepared: Prepared | None
    depends: bool


def render_part(
    part: StepDefinition, prepare: Callable[[StepDefinition], Prepared], known: Collection[str] = ()
) -> Rendered:
    """Return the step, prepared with placeholders for the results of steps that are not `known`.

    Raises RunbookError if it is certain to fail.
    """
    is_asked = part.condition is not None and depends_on_earlier_steps(part.condition, known)
    unconditional = part.model_copy(update={"condition": None}) if is_asked else part
    prepared, depends = _filled(unconditional, prepare, known)
    return Rendered("depends" if is_asked else "yes", prepared, depends or is_asked)


def _filled(
    part: StepDefinition, prepare: Callable[[StepDefinition], Prepared], known: Collection[str]
) -> tuple[Prepared | None, bool]:
    for brackets in (ANGLES, ASCII):
        try:
            filled = with_stand_ins(part, brackets, known)
        except ValidationError:
            return None, True
        prepared = prepare(filled or part)
        if filled is None or not isinstance(prepared, Failed):
            return prepared, filled is not None
    return None, True


def show_behind(
    parts: Sequence[AnyPart], steps: Sequence[Step], position: int, context: Context
) -> list[Json]:
    """Return a preview of each step that an approval of the gate at `position` covers.

    Each is `{"step", "type", "name", "runs", "condition", "request", "depends_on_results", "error"}`. `context`: the
    gate's own.
    """
    behind = steps_behind(steps, position, _sure(parts))
    known = known_steps(steps, position, [steps[at].id for at in behind]) | context.outer_steps
    return [show_step(parts, at, known, context) for at in behind]


def _sure(parts: Iterable[AnyPart]) -> set[int]:
    return {
        at
        for at, part in enumerate(parts)
        if part.type == GATE and part.condition is None and part.on_failure == "stop"
    }


def show_step(parts: Sequence[AnyPart], position: int, known: Collection[str], context: Context) -> Json:
    """Return the preview of one step, as in `show_behind`. `known`: the ids of the steps whose results are known."""
    part = parts[position]
    assert isinstance(part, StepDefinition), "only runbooks have gates"
    base = _context(context, position, known)
    about: dict[str, Json] = {"step": part.id, "type": part.type, "name": part.name}
    try:
        rendered = render_part(part, lambda each: prepare_part(each, base, parts), known)
    except RunbookError as error:
        return {**about, **_shown("yes", None, None, False, context.masker.mask(str(error)))}
    return {**about, **_described(part, rendered, context.now)}


def _context(context: Context, position: int, known: Collection[str]) -> Context:
    """Return a context without the values of this moment or attempt, which would make every rendering different."""
    steps = context.names["steps"]
    assert isinstance(steps, dict)
    names = {**context.names, "steps": {name: value for name, value in steps.items() if name in known}}
    ports = context.ports
    return replace(
        context,
        names=names,
        secrets=SecretPlaces(),
        key="",
        position=position,
        attempt=1,
        resumed=False,
        progress=None,
        ports=Ports(Closed(), Closed(), ports.secrets, callbacks=ports.callbacks, ssh=Closed(), sql=Closed()),
        preview=None,
        asked_again=None,
    )


def _described(part: StepDefinition, rendered: Rendered, now: datetime) -> dict[str, Json]:
    runs, depends = rendered.runs, rendered.depends
    condition = part.condition
    match rendered.prepared:
        case None:
            return _shown(runs, condition, part.as_written(), True)
        case Skipped():
            return _shown("no", condition, None, depends)
        case Failed(error):
            return _shown(runs, condition, None, depends, error)
        case prepared:
            return _shown(runs, condition, _request(prepared, now), depends)


def _shown(
    runs: Runs, condition: str | None, request: Json, depends: bool, error: str | None = None
) -> dict[str, Json]:
    return {
        "runs": runs,
        "condition": condition,
        "request": request,
        "depends_on_results": depends,
        "error": error,
    }


def _request(prepared: Prepared, now: datetime) -> Json:
    match prepared:
        case Outside(request):
            return without_key(request)
        case Inside(_, dict() as shown, Waits(WaitingFor.APPROVAL)):
            return {"message": shown["message"]}
        case Inside(_, None, Waits() as waits) | (Waits() as waits):
            return _wait(waits, now)
        case Inside(_, shown):
            return shown
    return None


def _wait(waits: Waits, now: datetime) -> Json:
    limit = format_duration(waits.until - now) if waits.until is not None else None
    return {"waits_for": waits.waiting_for.value, "for": limit}


def without_key(request: Json) -> Json:
    """Return the request without its idempotency key, which is unique to one execution."""
    if not isinstance(request, dict):
        return request
    return {name: value for name, value in request.items() if name != "key"}
