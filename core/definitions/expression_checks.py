"""Checking one expression or template without running it: syntax, names, members, functions, the kind of result."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.definitions.cel_functions import extra_functions
from core.definitions.cel_tokens import Reference, calls
from core.definitions.expression_errors import OWN_FUNCTIONS, ExpressionSyntaxError
from core.definitions.expressions import Expression, compile_expression
from core.definitions.fields import CelField
from core.definitions.marks import Marked
from core.definitions.problems import Problem, suggest
from core.definitions.pydantic_problems import described
from core.definitions.shapes import EXTRA, Shape
from core.definitions.sources import Document, Path
from core.definitions.templates import UnclosedTemplate, holes, texts
from core.errors import ExpressionError

Scope = Mapping[str, Shape]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong at a character of an expression's source."""

    offset: int
    message: str
    hint: str | None = None


def check_marked(marked: Marked, scope: Scope, document: Document) -> Iterator[Problem]:
    """Answer what is wrong with a field's expressions, of which `scope` says what they may name."""
    if isinstance(marked.mark, CelField):
        scope = {**scope, **{root: EXTRA[root] for root in marked.mark.roots if root in EXTRA}}
        for path, source in texts(marked.value, marked.path):
            for finding in check_expression(source, scope, condition=marked.mark.condition):
                yield document.problem_in(path, source, finding.offset, finding.message, finding.hint)
        if marked.mark.condition and isinstance(marked.value, bool | int | float):
            yield _no_expression(marked, document)
    else:
        for path, text in texts(marked.value, marked.path):
            yield from _check_template(path, text, scope, document)


def _no_expression(marked: Marked, document: Document) -> Problem:
    message = f"{marked.path[-1]} must be an expression, not {described(marked.value)}."
    return document.problem(marked.path, message, 'Write CEL, such as incident.severity == "critical".')


def _check_template(path: Path, text: str, scope: Scope, document: Document) -> Iterator[Problem]:
    try:
        found = holes(text)
    except UnclosedTemplate as error:
        yield document.problem_in(path, text, error.offset, error.message, error.hint)
        return
    for hole in found:
        for finding in check_expression(hole.source, scope):
            offset = hole.offset - hole.start + finding.offset
            yield document.problem_in(
                path, text[hole.start : hole.end], offset, finding.message, finding.hint
            )


def check_expression(source: str, scope: Scope, *, condition: bool = False) -> Iterator[Finding]:
    """Answer what is wrong with an expression; `condition`: it must be true or false."""
    try:
        expression = compile_expression(source)
    except ExpressionSyntaxError as error:
        yield Finding(error.offset, error.message, error.hint)
    except ExpressionError as error:
        yield Finding(0, error.message, error.hint)
    else:
        yield from _unknown_functions(source)
        for reference in expression.references:
            finding = _unknown_name(reference, scope) or _unknown_member(reference, scope[reference.root])
            if finding:
                yield finding
        yield from _wrong_constant(expression, condition=condition)


def _unknown_functions(source: str) -> Iterator[Finding]:
    known = {
        *OWN_FUNCTIONS,
        *extra_functions(),
        "optional.of",
        "optional.none",
        "orValue",
        "value",
        "hasValue",
    }
    for call in calls(source):
        if call.text not in known:
            hint = suggest(call.text, known, plural="Functions")
            near = hint if hint.startswith("Did") else None
            yield Finding(call.offset, f"There is no function {call.text}.", near)


def _unknown_name(reference: Reference, scope: Scope) -> Finding | None:
    if reference.root in scope:
        return None
    hint = suggest(reference.root, scope, plural="Known here")
    return Finding(reference.offset, f"{reference.root} is not known here.", hint)


def _unknown_member(reference: Reference, shape: Shape) -> Finding | None:
    path = reference.root
    for member in reference.members:
        if shape.members is None:
            return None
        if member not in shape.members:
            message = f"{path} has no {member}."
            hint = shape.hints.get(member) or _known_members(path, member, shape)
            return Finding(reference.offset, message, hint)
        path, shape = f"{path}.{member}", shape.members[member]
    return None


def _known_members(path: str, member: str, shape: Shape) -> str:
    if not shape.members:
        return shape.empty.format(path=path)
    return suggest(member, shape.members, plural=shape.plural)


def _wrong_constant(expression: Expression, *, condition: bool) -> Iterator[Finding]:
    # What names no variable is always the same: whether it can be evaluated is known now.
    if expression.names:
        return
    try:
        _ = expression.is_true({}) if condition else expression.evaluate({})
    except ExpressionError as error:
        yield Finding(0, error.message, error.hint)
