"""What an approval lets run, as it will be sent: each step behind the gate, prepared as for the real run, and not done.

No secret is read for it: `{{ secrets.NAME }}` stands in its place. What earlier steps will bring stands there as
`‹lag.seconds›`. Before such a step acts it is rendered once more in the same manner, and compared.
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
from core.definitions.templates import ANGLES, ASCII, hangs_on_earlier, with_placeholders
from core.errors import NotAllowed, RunbookError
from core.execution.preparation import Context, Inside, Outside, Ports, Prepared, prepare_part
from core.io.process import Command
from core.services.executions.loading import AnyPart
from core.statuses import WaitingFor
from core.values.execution import Failed, Json, Skipped, Step, Waits

Runs = Literal["yes", "no", "depends"]
COMMON = frozenset({"id", "type", "name", "condition", "timeout", "retry", "on_failure"})


class Closed:
    """Ports through which nothing is called: what is prepared with them is not done."""

    limits_programs = True  # which may be run, the workers know

    def check(self, command: Command) -> None:
        """Any command may be planned."""

    def call(self, *_: object) -> Any:
        raise NotAllowed("A plan calls nothing.")

    def run(self, *_: object) -> Any:
        raise NotAllowed("A plan runs nothing.")

    def close(self) -> None:
        """Nothing was open."""


@dataclass(frozen=True)
class Rendered:
    """A step before the run comes to it. `runs`: yes, no, or depends: on what its condition names.

    `prepared`: None where it hangs on earlier steps in a way that no placeholder can stand in for.
    `depends`: whether anything in it is not known yet.
    """

    runs: Runs
    prepared: Prepared | None
    depends: bool


def render_part(
    part: StepDefinition, prepare: Callable[[StepDefinition], Prepared], known: Collection[str] = ()
) -> Rendered:
    """The step, prepared with placeholders for what the steps that are not `known` will bring.

    Raises RunbookError where it is certain that it would fail.
    """
    is_asked = part.condition is not None and hangs_on_earlier(part.condition, known)
    unconditional = part.model_copy(update={"condition": None}) if is_asked else part
    prepared, depends = _filled(unconditional, prepare, known)
    return Rendered("depends" if is_asked else "yes", prepared, depends or is_asked)


def _filled(
    part: StepDefinition, prepare: Callable[[StepDefinition], Prepared], known: Collection[str]
) -> tuple[Prepared | None, bool]:
    for brackets in (ANGLES, ASCII):
        try:
            filled = with_placeholders(part, brackets, known)
        except ValidationError:
            return None, True
        prepared = prepare(filled or part)
        if filled is None or not isinstance(prepared, Failed):
            return prepared, filled is not None
    return None, True


def show_behind(
    parts: Sequence[AnyPart], steps: Sequence[Step], position: int, context: Context
) -> list[Json]:
    """Each step that an approval of the gate at `position` lets run: what will be asked for.

    `{"step", "type", "name", "runs", "condition", "request", "depends_on_results", "error"}` each. `context`: the
    gate's own.
    """
    behind = steps_behind(steps, position, _sure(parts))
    known = known_steps(steps, position, [steps[at].id for at in behind])
    return [show_step(parts, at, known, context) for at in behind]


def _sure(parts: Iterable[AnyPart]) -> set[int]:
    return {
        at
        for at, part in enumerate(parts)
        if part.type == GATE and part.condition is None and part.on_failure == "stop"
    }


def show_step(parts: Sequence[AnyPart], position: int, known: Collection[str], context: Context) -> Json:
    """One step as `show_behind` shows it. `known`: the ids of the steps whose results are."""
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
    """As for any run: what only this moment or this attempt knows would make each rendering another one."""
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
        ports=Ports(Closed(), Closed(), ports.secrets, callbacks=ports.callbacks),
        preview=None,
        asked_again=None,
    )


def _described(part: StepDefinition, rendered: Rendered, now: datetime) -> dict[str, Json]:
    runs, depends = rendered.runs, rendered.depends
    condition = part.condition
    match rendered.prepared:
        case None:
            return _shown(runs, condition, as_written(part), True)
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
    """A request without its key, which names an execution and is of no other."""
    if not isinstance(request, dict):
        return request
    return {name: value for name, value in request.items() if name != "key"}


def as_written(part: StepDefinition) -> Json:
    """The step's own fields; its templates name secrets and hold none."""
    written: Json = part.model_dump(mode="json", exclude_unset=True, exclude=set(COMMON))
    return written
