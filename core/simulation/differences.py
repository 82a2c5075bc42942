"""Runs the test cases of runbooks, and compares the results with what the cases expect."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.definitions.kinds import AnyDefinition
from core.definitions.masking import MASK, Masker
from core.definitions.runbook import REFUSED, Case, Expectation, RunbookDefinition
from core.definitions.secrets import with_places_masked
from core.simulation.simulate import Simulation, simulate
from core.statuses import Status
from core.values.execution import Execution, Json

NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """A difference. `where`: its dotted path; `expected` and `got`: as people read them."""

    where: str
    expected: str
    got: str


def differences(case: Case, simulation: Simulation) -> list[Difference]:
    """Return the differences from what the case expects. The case passes if there are none."""
    return list(_differences(case.expect, simulation))


def _differences(expect: Expectation, simulation: Simulation) -> Iterator[Difference]:
    if simulation.problem is not None:
        yield Difference("steps", "an answer for each step that needs one", simulation.problem)
    execution = simulation.execution
    status: str = REFUSED if execution is None else execution.status.value
    if expect.status is not None and expect.status != status:
        yield Difference("status", expect.status, status)
    yield from _error(expect.error, simulation)
    if execution is not None:
        yield from _of_execution(expect, execution, simulation)
    elif expect.status != REFUSED:
        yield Difference("error", NOTHING, str(simulation.refused))


def _error(wanted: str | None, simulation: Simulation) -> Iterator[Difference]:
    error = simulation.refused if simulation.execution is None else simulation.execution.error
    if wanted is not None and simulation.masker.mask(wanted) not in (error or ""):
        yield Difference("error", f"a text containing {shown(wanted)}", shown(error) if error else NOTHING)


def _of_execution(expect: Expectation, execution: Execution, simulation: Simulation) -> Iterator[Difference]:
    if expect.waiting_for is not None and expect.waiting_for != execution.waiting_for:
        yield Difference("waiting_for", expect.waiting_for, execution.waiting_for or NOTHING)
    if expect.path is not None:
        yield from _path(expect.path, execution)
    saved: dict[str, Json] = {step.id: dict(step.saved) for step in execution.steps}
    requests = {step: with_json(request) for step, request in simulation.requests.items()}
    yield from _missing("saved", expect.saved, saved, simulation.masker)
    yield from _missing("requests", expect.requests, requests, simulation.masker)


def _path(wanted: Mapping[str, Status], execution: Execution) -> Iterator[Difference]:
    for step in execution.steps:
        expected = wanted.get(step.id, Status.PENDING)
        if step.status is not expected:
            because = f" ({step.error})" if step.error else ""
            yield Difference(f"path.{step.id}", expected.value, f"{step.status.value}{because}")


def with_json(request: Json) -> Json:
    """Return the request with its body parsed as `json`, too, if it is JSON."""
    if not isinstance(request, dict) or not isinstance(request.get("body"), str):
        return request
    try:
        return {**request, "json": json.loads(str(request["body"]))}
    except ValueError:
        return request


def _missing(where: str, wanted: object, got: object, masker: Masker) -> Iterator[Difference]:
    """Yield what of `wanted` is not in `got`. In a mapping only the wanted keys count, in a list all items."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        for key, value in wanted.items():
            if key in got:
                yield from _missing(f"{where}.{key}", value, got[key], masker)
            else:
                yield Difference(f"{where}.{key}", shown(value), NOTHING)
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for index, (value, item) in enumerate(zip(wanted, got, strict=True)):
            yield from _missing(f"{where}.{index}", value, item, masker)
    elif not _same(wanted, got, masker):
        yield Difference(where, shown(wanted), shown(got))


def _same(wanted: object, got: object, masker: Masker) -> bool:
    """True if they are equal as JSON: true is not 1. A secret may appear as its value, masked, or as its name."""
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if not isinstance(wanted, str) or not isinstance(got, str):
        return wanted == got
    return _hidden(wanted, masker) == _hidden(got, masker)


def _hidden(text: str, masker: Masker) -> str:
    return masker.mask(with_places_masked(text, MASK))


def shown(value: object) -> str:
    """Return the value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True)
class Played:
    """A test case of a runbook, its simulation, and the differences from what it expects."""

    runbook: str
    case: Case
    simulation: Simulation
    differences: list[Difference]

    @property
    def holds(self) -> bool:
        return not self.differences


def play_all(definitions: Iterable[AnyDefinition]) -> Iterator[Played]:
    """Run all test cases of the runbooks among the definitions, in order."""
    for definition in definitions:
        if isinstance(definition, RunbookDefinition):
            for case in definition.tests:
                yield play(definition, case)


def play(definition: RunbookDefinition, case: Case, *, most_events: int | None = None) -> Played:
    """Run one test case. `most_events`: as for `simulate`."""
    simulation = simulate(definition, case, most_events=most_events)
    return Played(definition.name, case, simulation, differences(case, simulation))
