"""Templates: text with `{{ CEL }}` placeholders, rendered completely or as far as values are known.

Placeholders are substituted once, and the result is never parsed again: an inserted value is only text, whatever it
looks like. A text that is a single `{{ … }}` keeps the type of the value. To write two literal braces, use CEL text:
`{{ "{{" }}`. Before a run, a placeholder that depends on earlier steps is replaced by a stand-in: `{{
steps.lag.saved.seconds }}` becomes `‹lag.seconds›`.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from pydantic import BaseModel

from core.definitions.cel.expressions import LONGEST_SOURCE, compile_expression
from core.definitions.cel.tokens import Reference, tokens
from core.definitions.cel.values import JsonValue
from core.definitions.fields import TemplateField, marked_values
from core.definitions.masking import MASK
from core.definitions.secrets import HIDDEN, ROOT, HiddenParameters, SecretTaker, whole_secret
from core.errors import ExpressionError

Path = tuple[str | int, ...]
LONGEST_RESULT = 1_000_000


@dataclass(frozen=True)
class Placeholder:
    """`{{ source }}` in a text: `start` and `end` enclose it with its braces; `offset` is where the source starts."""

    source: str
    start: int
    end: int
    offset: int


@dataclass(frozen=True)
class FoundExpression:
    """An expression in a nested value: the text at `path` contains `source` at the character `offset`."""

    path: Path
    source: str
    offset: int


class UnclosedTemplate(ExpressionError):
    """A `{{` has no matching `}}`."""

    def __init__(self, offset: int) -> None:
        """Create the error; `offset` is the position of the `{{`."""
        super().__init__(hint='Close it, or write {{ "{{" }} for two literal braces.')
        self.offset = offset


@lru_cache(maxsize=2048)
def placeholders(text: str) -> tuple[Placeholder, ...]:
    """Return the placeholders of a text in order. Raises UnclosedTemplate."""
    found = []
    start = text.find("{{")
    while start >= 0:
        end = _closing(text, start + 2)
        inner = text[start + 2 : end - 2]
        offset = start + 2 + len(inner) - len(inner.lstrip())
        found.append(Placeholder(inner.strip(), start, end, offset))
        start = text.find("{{", end)
    return tuple(found)


def _closing(text: str, start: int) -> int:
    """Return the end of the placeholder whose source starts at `start`, ignoring braces of maps and in strings."""
    depth = 0
    closing_at = -1
    for token in tokens(text, start):
        if token.offset - start > LONGEST_SOURCE:
            break
        if token.text == "{":
            depth += 1
        elif token.text == "}" and depth:
            depth -= 1
        elif token.text == "}":
            if token.offset == closing_at + 1 and closing_at >= 0:
                return token.offset + 1
            closing_at = token.offset
    raise UnclosedTemplate(start - 2)


def is_template(text: str) -> bool:
    """Return whether the text has placeholders, so that its result is only known once it is rendered."""
    return "{{" in text


def starts_with_placeholder(text: str) -> bool:
    """Return whether the rendered text would begin with an inserted value. Raises UnclosedTemplate."""
    found = placeholders(text)
    return bool(found) and not text[: found[0].start].strip()


def find_expressions(value: object) -> list[FoundExpression]:
    """Return every expression in a nested value of dicts, lists and texts. Raises UnclosedTemplate."""
    return [
        FoundExpression(path, placeholder.source, placeholder.offset)
        for path, text in texts(value)
        for placeholder in placeholders(text)
    ]


def texts(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every text in a nested value of dicts and lists (values, not keys), with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))


def paths(value: object, path: Path) -> Iterator[Path]:
    """Yield the path of everything within a nested value."""
    items = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in items:
        yield (*path, key)
        yield from paths(item, (*path, key))


def render(value: object, scope: Mapping[str, object], path: Path = ()) -> JsonValue:
    """Return a copy of a nested value in which every `{{ CEL }}` is replaced by its value over `scope`.

    Keys are not changed. Raises ExpressionError with the place; its `field` is the dotted path.
    """
    if isinstance(value, str):
        return _render_text(value, scope, path)
    if isinstance(value, Mapping):
        return {str(key): render(item, scope, (*path, key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [render(item, scope, (*path, index)) for index, item in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise ExpressionError(f"A value of type {type(value).__name__} cannot be rendered.", field=_dotted(path))


def render_text(text: str, scope: Mapping[str, object], path: Path = ()) -> str:
    """Render a template whose result is always text: a number is written as in JSON."""
    return as_text(_render_text(text, scope, path))


def as_text(value: JsonValue) -> str:
    """Convert a value to text: text unchanged, null as nothing, everything else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _render_text(text: str, scope: Mapping[str, object], path: Path) -> JsonValue:
    if "{{" not in text:
        return text
    try:
        found = placeholders(text)
        values = [_value(placeholder.source, scope) for placeholder in found]
    except ExpressionError as error:
        raise ExpressionError(_at(path, error.message), hint=error.hint, field=_dotted(path)) from None
    if len(found) == 1 and text.strip() == text[found[0].start : found[0].end]:
        return values[0]
    return _filled(text, found, [as_text(value) for value in values], path)


def _value(source: str, scope: Mapping[str, object]) -> JsonValue:
    """Evaluate a placeholder. A secret is only inserted, never visible to an expression."""
    name, secrets = whole_secret(source), scope.get(ROOT)
    if name is not None and isinstance(secrets, SecretTaker):
        return secrets.take(name)
    expression, hidden = compile_expression(source), scope.get(HIDDEN)
    if isinstance(hidden, HiddenParameters) and hidden.are_named(expression.references):
        return MASK
    return expression.evaluate(scope)


def _filled(text: str, found: tuple[Placeholder, ...], values: list[str], path: Path) -> str:
    pieces, after = [], 0
    for placeholder, value in zip(found, values, strict=True):
        pieces += [text[after : placeholder.start], value]
        after = placeholder.end
    filled = "".join([*pieces, text[after:]])
    if len(filled) > LONGEST_RESULT:
        message = f"The text has {len(filled)} characters, more than {LONGEST_RESULT}."
        raise ExpressionError(_at(path, message), field=_dotted(path))
    return filled


def _at(path: Path, message: str) -> str:
    return f"{_dotted(path)}: {message}" if path else message


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


Part = TypeVar("Part", bound=BaseModel)
Brackets = tuple[str, str]

ANGLES: Brackets = ("‹", "›")
ASCII: Brackets = ("<", ">")  # for texts limited to ASCII, such as headers
UNKNOWN = frozenset({"execution.id", "execution.outcome"})


def depends_on_earlier_steps(source: str, known: Collection[str] = ()) -> bool:
    """Return whether an expression uses a value not known before the run, or before steps other than `known` have
    finished.

    Raises ExpressionError if it is not valid CEL.
    """
    return any(_is_unknown(reference, known) for reference in compile_expression(source).references)


def _is_unknown(reference: Reference, known: Collection[str]) -> bool:
    if reference.root == "steps":
        return not reference.members or reference.members[0] not in known
    return reference.path in UNKNOWN or (reference.root == "execution" and not reference.members)


def with_stand_ins(part: Part, brackets: Brackets, known: Collection[str] = ()) -> Part | None:
    """Return a copy of a step with stand-ins for all values not known yet; None if all are known.

    `known`: the ids of the steps whose results are known. Raises pydantic's ValidationError if a field does not accept
    a stand-in, and ExpressionError if a text is not a valid template.
    """
    data = part.model_dump(mode="json", exclude_unset=True)
    changed = False
    for marked in marked_values(type(part), data):
        if isinstance(marked.mark, TemplateField):
            filled = _with_known(marked.value, brackets, known)
            changed = changed or filled != marked.value
            _put(data, marked.path, filled)
    return type(part).model_validate(data) if changed else None


def _with_known(value: object, brackets: Brackets, known: Collection[str]) -> object:
    if isinstance(value, str):
        return _filled_text(value, brackets, known)
    if isinstance(value, Mapping):
        return {key: _with_known(item, brackets, known) for key, item in value.items()}
    return [_with_known(item, brackets, known) for item in value] if isinstance(value, list) else value


def _filled_text(text: str, brackets: Brackets, known: Collection[str]) -> str:
    pieces, after = [], 0
    for placeholder in placeholders(text):
        if depends_on_earlier_steps(placeholder.source, known):
            pieces += [text[after : placeholder.start], _placeholder(placeholder, brackets)]
            after = placeholder.end
    return "".join([*pieces, text[after:]])


def _placeholder(placeholder: Placeholder, brackets: Brackets) -> str:
    """Return the stand-in: a plain reference by its short name, anything else by its source."""
    name = placeholder.source
    if "".join(name.split()) in {reference.path for reference in compile_expression(name).references}:
        name = name.removeprefix("steps.").replace(".saved.", ".", 1)
    return f"{brackets[0]}{name}{brackets[1]}"


def _put(data: dict[str, object], path: tuple[str | int, ...], value: object) -> None:
    holder: object = data
    for part in path[:-1]:
        holder = holder[part]  # type: ignore[index]  # a mapping or a list, as the path says
    holder[path[-1]] = value  # type: ignore[index]
