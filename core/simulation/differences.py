"""The cases of a runbook, and how what came differs from what was expected.

What a case expected, against what came of it.

All the cases of definitions, played one after the other.
"""

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
    """One thing that came otherwise: `where` is its path with dots, the others are as people read them."""

    where: str
    expected: str
    got: str


def differences(case: Case, rehearsal: Simulation) -> list[Difference]:
    """Answer what came otherwise than expected; nothing: the case holds."""
    return list(_differences(case.expect, rehearsal))


def _differences(expect: Expectation, rehearsal: Simulation) -> Iterator[Difference]:
    if rehearsal.problem is not None:
        yield Difference("steps", "an answer for each step that asks for one", rehearsal.problem)
    execution = rehearsal.execution
    status: str = REFUSED if execution is None else execution.status.value
    if expect.status is not None and expect.status != status:
        yield Difference("status", expect.status, status)
    yield from _error(expect.error, rehearsal)
    if execution is not None:
        yield from _of_execution(expect, execution, rehearsal)
    elif expect.status != REFUSED:
        yield Difference("error", NOTHING, str(rehearsal.refused))


def _error(wanted: str | None, rehearsal: Simulation) -> Iterator[Difference]:
    error = rehearsal.refused if rehearsal.execution is None else rehearsal.execution.error
    if wanted is not None and rehearsal.masker.mask(wanted) not in (error or ""):
        yield Difference("error", f"a text with {shown(wanted)}", shown(error) if error else NOTHING)


def _of_execution(expect: Expectation, execution: Execution, rehearsal: Simulation) -> Iterator[Difference]:
    if expect.waiting_for is not None and expect.waiting_for != execution.waiting_for:
        yield Difference("waiting_for", expect.waiting_for, execution.waiting_for or NOTHING)
    if expect.path is not None:
        yield from _path(expect.path, execution)
    saved: dict[str, Json] = {step.id: dict(step.saved) for step in execution.steps}
    requests = {step: with_json(request) for step, request in rehearsal.requests.items()}
    yield from _missing("saved", expect.saved, saved, rehearsal.masker)
    yield from _missing("requests", expect.requests, requests, rehearsal.masker)


def _path(wanted: Mapping[str, Status], execution: Execution) -> Iterator[Difference]:
    for step in execution.steps:
        expected = wanted.get(step.id, Status.PENDING)
        if step.status is not expected:
            because = f" ({step.error})" if step.error else ""
            yield Difference(f"path.{step.id}", expected.value, f"{step.status.value}{because}")


def with_json(request: Json) -> Json:
    """The request with its body as `json` too, where the body is that."""
    if not isinstance(request, dict) or not isinstance(request.get("body"), str):
        return request
    try:
        return {**request, "json": json.loads(str(request["body"]))}
    except ValueError:
        return request


def _missing(where: str, wanted: object, got: object, masker: Masker) -> Iterator[Difference]:
    """What of `wanted` is not in `got`: of a mapping the keys that are wanted, of a list all items."""
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
    """As JSON has it: true is not 1. A secret may be written out, as it is masked, or as the place that it has."""
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if not isinstance(wanted, str) or not isinstance(got, str):
        return wanted == got
    return _hidden(wanted, masker) == _hidden(got, masker)


def _hidden(text: str, masker: Masker) -> str:
    return masker.mask(with_places_masked(text, MASK))


def shown(value: object) -> str:
    """A value as JSON, in one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True)
class Played:
    """A case of a runbook, how it went, and what came otherwise than expected."""

    runbook: str
    case: Case
    rehearsal: Simulation
    differences: list[Difference]

    @property
    def holds(self) -> bool:
        return not self.differences


def play_all(definitions: Iterable[AnyDefinition]) -> Iterator[Played]:
    """In the order in which they stand."""
    for definition in definitions:
        if isinstance(definition, RunbookDefinition):
            for case in definition.tests:
                rehearsal = simulate(definition, case)
                yield Played(definition.name, case, rehearsal, differences(case, rehearsal))
