"""Standing in for what only earlier steps will know: `{{ steps.lag.saved.seconds }}` becomes `‹lag.seconds›`."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from pydantic import BaseModel

from core.definitions.cel_references import Reference
from core.definitions.expressions import compile_expression
from core.definitions.fields import TemplateField
from core.definitions.marks import marked_values
from core.definitions.templates import Hole, holes

Part = TypeVar("Part", bound=BaseModel)
Brackets = tuple[str, str]

ANGLES: Brackets = ("‹", "›")
ASCII: Brackets = ("<", ">")  # for what may hold nothing else, such as a header
UNKNOWN = frozenset({"execution.id"})


def hangs_on_earlier(source: str, known: Collection[str] = ()) -> bool:
    """Whether an expression names what is not known before the run, or while only the steps `known` are over.

    Raises ExpressionError for what is no CEL.
    """
    return any(_is_unknown(reference, known) for reference in compile_expression(source).references)


def _is_unknown(reference: Reference, known: Collection[str]) -> bool:
    if reference.root == "steps":
        return not reference.members or reference.members[0] not in known
    return reference.path in UNKNOWN or (reference.root == "execution" and not reference.members)


def with_placeholders(part: Part, brackets: Brackets, known: Collection[str] = ()) -> Part | None:
    """A copy of a step in which placeholders stand for what is not known yet; None: all of it is known.

    `known`: the ids of the steps whose results are.

    Raises pydantic's ValidationError where a field does not take one, and ExpressionError for what is no template.
    """
    data = part.model_dump(mode="json", exclude_unset=True)
    changed = False
    for marked in marked_values(type(part), data):
        if isinstance(marked.mark, TemplateField):
            filled = _filled(marked.value, brackets, known)
            changed = changed or filled != marked.value
            _put(data, marked.path, filled)
    return type(part).model_validate(data) if changed else None


def _filled(value: object, brackets: Brackets, known: Collection[str]) -> object:
    if isinstance(value, str):
        return _filled_text(value, brackets, known)
    if isinstance(value, Mapping):
        return {key: _filled(item, brackets, known) for key, item in value.items()}
    return [_filled(item, brackets, known) for item in value] if isinstance(value, list) else value


def _filled_text(text: str, brackets: Brackets, known: Collection[str]) -> str:
    pieces, after = [], 0
    for hole in holes(text):
        if hangs_on_earlier(hole.source, known):
            pieces += [text[after : hole.start], _placeholder(hole, brackets)]
            after = hole.end
    return "".join([*pieces, text[after:]])


def _placeholder(hole: Hole, brackets: Brackets) -> str:
    """A plain reference by its short name, anything else by its source."""
    name = hole.source
    if "".join(name.split()) in {reference.path for reference in compile_expression(name).references}:
        name = name.removeprefix("steps.").replace(".saved.", ".", 1)
    return f"{brackets[0]}{name}{brackets[1]}"


def _put(data: dict[str, object], path: tuple[str | int, ...], value: object) -> None:
    holder: object = data
    for part in path[:-1]:
        holder = holder[part]  # type: ignore[index]  # a mapping or a list, as the path says
    holder[path[-1]] = value  # type: ignore[index]
