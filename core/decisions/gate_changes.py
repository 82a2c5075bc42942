"""What differs between a run at a gate and the one that was last approved there. Pure.

Everything is compared as it is stored. A difference keeps its values as short texts, because it is shown to people.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Literal

from core.values.execution import Json

Kind = Literal["changed", "added", "removed", "moved"]
Document = Mapping[str, Json]

MOST_KEPT = 50  # differences of one gate
VALUE_LENGTH = 300  # characters of a value before or after
NOT_COMPARED = frozenset({"kind", "name", "team", "steps", "finally", "tests"})
NOTHING: Document = {}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `where`: `step`, `parameter`, `runbook`, or `request` for what a step would send.

    `name`: of the step or parameter. `field`: what of it differs; empty for all of it. `before` and `after`: the
    values as text, None where there is none.
    """

    where: Literal["step", "parameter", "runbook", "request"]
    name: str
    field: str
    kind: Kind
    before: str | None = None
    after: str | None = None


def run_differences(
    before: tuple[Document, Document], after: tuple[Document, Document]
) -> Iterator[Difference]:
    """Yield what differs between two runs, each given by its frozen definition and its parameters.

    Steps are recognized by their ids, so one that was only moved does not count as removed and added.
    """
    (old, given_before), (new, given) = before, after
    yield from _steps(_all_steps(old), _all_steps(new), "")
    plain = [{name: value for name, value in each.items() if name not in NOT_COMPARED} for each in (old, new)]
    for field, *values in _fields(plain[0], plain[1]):
        yield _difference("runbook", "", field, *values)
    for name in {**given_before, **given}:
        if given_before.get(name, _Absent) != given.get(name, _Absent):
            yield _difference(
                "parameter", name, "", given_before.get(name, _Absent), given.get(name, _Absent)
            )


def request_differences(before: Sequence[Json], after: Sequence[Json]) -> Iterator[Difference]:
    """Yield what differs between two previews, as core.execution.preview makes them."""
    old, new = _by_id(before, "step"), _by_id(after, "step")
    for name in {**old, **new}:
        if name not in new or name not in old:
            yield Difference("request", name, "", "removed" if name in old else "added")
            continue
        for field, *values in _fields(_sent(old[name]), _sent(new[name])):
            yield _difference("request", name, field, *values)


def kept(differences: Iterator[Difference]) -> dict[str, Json]:
    """Return the first differences as they are stored, and how many more there are."""
    first: list[Json] = [asdict(each) for each in islice(differences, MOST_KEPT)]
    return {"differences": first, "more": sum(1 for _ in differences)}


class _Absent:
    """Stands for a value that is not there: None is one that is."""


def _all_steps(definition: Document) -> list[Json]:
    return [*_list(definition.get("steps")), *_list(definition.get("finally"))]


def _list(value: object) -> list[Json]:
    return value if isinstance(value, list) else []


def _by_id(steps: Sequence[Json], key: str) -> dict[str, Document]:
    return {str(step[key]): step for step in steps if isinstance(step, dict) and key in step}


def _sent(shown: Document) -> Document:
    """Return what is compared of a step's preview; a request that is no object counts as one value."""
    request = shown.get("request")
    fields = request if isinstance(request, dict) else {"request": request}
    return {**fields, "runs": shown.get("runs"), "error": shown.get("error")}


def _steps(before: Sequence[Json], after: Sequence[Json], parent: str) -> Iterator[Difference]:
    old, new = _by_id(before, "id"), _by_id(after, "id")
    for id_, step in new.items():
        if id_ in old:
            yield from _step(old[id_], step, f"{parent}{id_}")
        else:
            yield Difference("step", f"{parent}{id_}", "", "added")
    yield from (Difference("step", f"{parent}{id_}", "", "removed") for id_ in old if id_ not in new)
    yield from _moved([id_ for id_ in old if id_ in new], [id_ for id_ in new if id_ in old], parent)


def _moved(before: Sequence[str], after: Sequence[str], parent: str) -> Iterator[Difference]:
    """Yield the first step that has another place among those that stayed; one is enough to look at the order."""
    for old, new in zip(before, after, strict=True):
        if old != new:
            yield Difference("step", f"{parent}{new}", "", "moved")
            return


def _step(before: Document, after: Document, name: str) -> Iterator[Difference]:
    inner = [each.get("steps") for each in (before, after)]
    nested = all(isinstance(each, list) for each in inner)
    left_out = {"id", "steps"} if nested else {"id"}
    plain = [{key: value for key, value in each.items() if key not in left_out} for each in (before, after)]
    for field, *values in _fields(plain[0], plain[1]):
        yield _difference("step", name, field, *values)
    if nested:
        yield from _steps(_list(inner[0]), _list(inner[1]), f"{name} / ")


def _fields(before: Document, after: Document, prefix: str = "") -> Iterator[tuple[str, object, object]]:
    """Yield what differs as dotted fields with both values."""
    for key in {**before, **after}:
        old, new, name = before.get(key, _Absent), after.get(key, _Absent), f"{prefix}{key}"
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _fields(old, new, f"{name}.")
        elif old != new or isinstance(old, bool) is not isinstance(new, bool):
            yield name, old, new


def _difference(
    where: Literal["step", "parameter", "runbook", "request"], name: str, field: str, old: object, new: object
) -> Difference:
    kind: Kind = "added" if old is _Absent else "removed" if new is _Absent else "changed"
    return Difference(where, name, field, kind, _text(old), _text(new))


def _text(value: object) -> str | None:
    if value is _Absent:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_LENGTH else f"{text[: VALUE_LENGTH - 1]}…"
