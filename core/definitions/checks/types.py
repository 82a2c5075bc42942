"""Checks of the types in an expression, on sample values, and of comparisons that can never be true."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.definitions.cel.errors import ExpressionTypeError
from core.definitions.cel.expressions import Expression
from core.definitions.cel.tokens import Reference, Token, all_tokens
from core.definitions.problems import suggest
from core.definitions.shapes import Shape
from core.errors import ExpressionError


@dataclass(frozen=True)
class Finding:
    """A mistake at a character of an expression's source, counted from 0."""

    offset: int
    message: str
    hint: str | None = None


Scope = Mapping[str, Shape]
_AFTER_OPERAND = frozenset({"", "&&", "||", "?", ":", ")", "]", "}", ","})


def check_types(expression: Expression, scope: Scope, *, condition: bool) -> list[Finding]:
    """Return the type errors found by evaluating the expression over sample values.

    Only certain errors are reported: an expression that uses a value of unknown type is not checked.
    """
    samples: dict[str, object] = {}
    for reference in expression.references:
        shape = scope[reference.root].at(reference.members)
        if shape is None or shape.sample is None or reference.dynamic:
            return []
        _put(samples, (reference.root, *reference.members), shape.sample[0])
    try:
        _ = expression.is_true(samples) if condition else expression.evaluate(samples)
    except ExpressionTypeError as error:
        return [Finding(0, error.message, error.hint)]
    except ExpressionError as error:
        # An error over sample values proves nothing, unless the expression uses no variables.
        return [] if expression.references else [Finding(0, error.message, error.hint)]
    return []


def _put(samples: dict[str, object], path: tuple[str, ...], value: object) -> None:
    for part in path[:-1]:
        inner = samples.setdefault(part, {})
        assert isinstance(inner, dict), "a value with a sample has no members"
        samples = inner
    samples[path[-1]] = value


def check_comparisons(expression: Expression, scope: Scope) -> list[Finding]:
    """Return comparisons with a text that the value can never be: `incident.severity == "sev1"`."""
    found = all_tokens(expression.source)
    return [
        finding
        for reference in expression.references
        if (shape := scope[reference.root].at(reference.members)) is not None
        for finding in _impossible(reference, shape, found)
    ]


def _impossible(reference: Reference, shape: Shape, found: Sequence[Token]) -> Iterator[Finding]:
    for token in _compared(reference, found):
        if token.literal is None:
            continue
        if shape.choices and token.literal not in shape.choices:
            hint = suggest(token.literal, shape.choices, plural="It can be")
            yield Finding(token.offset, f"{reference.path} is never {token.text}.", hint)
        elif shape.sample == (0,):
            yield Finding(token.offset, f"{reference.path} is a number, never text.", "Leave out the quotes.")


def _compared(reference: Reference, found: Sequence[Token]) -> Sequence[Token]:
    """Return the literals after `reference ==`, `reference !=` or `reference in [`."""
    texts = [token.text for token in found]
    at = next((at for at, token in enumerate(found) if token.offset >= reference.end), len(found))
    if texts[at : at + 1] in (["=="], ["!="]) and "".join(texts[at + 2 : at + 3]) in _AFTER_OPERAND:
        return found[at + 1 : at + 2]
    if texts[at : at + 2] == ["in", "["] and "]" in texts[at:]:
        return found[at + 2 : texts.index("]", at)]
    return ()
