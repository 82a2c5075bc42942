"""Checks of the `values` of a runbook: each may use what is known at the start, and the values before it."""

from collections.abc import Iterator, Mapping

from core.definitions.cel.expressions import TooMuchWork, compile_expression
from core.definitions.checks.expressions import Scope, check_expression
from core.definitions.documents import Document
from core.definitions.problems import Problem
from core.definitions.secrets import secret_names
from core.definitions.shapes import OPEN, Shape
from core.errors import ExpressionError

PLURAL = "Values"
UNDECLARED = "Declare it under values."
LATER = "It comes later; a value can use only those before it."
ITSELF = "A value cannot use itself."
SECRET_HINT = "Use the parameter itself in the steps that need it."


def check_values(document: Document, scope: Scope) -> Iterator[Problem]:
    """Yield what is wrong with the values. `scope`: the names that they may use besides each other."""
    written, secrets = _written(document), secret_parameters(document)
    earlier: dict[str, Shape] = {}
    for name, source in written.items():
        hints = {**dict.fromkeys(written, LATER), name: ITSELF}
        inside = {**scope, "values": Shape(dict(earlier), plural=PLURAL, hints=hints, empty=UNDECLARED)}
        path = ("values", name)
        for finding in check_expression(source, inside):
            yield document.problem_in(path, source, finding.offset, finding.message, finding.hint)
        for used in secrets_in(source, secrets):
            message = f"values.{name} uses the secret parameter {used}, but values are stored and shown."
            yield document.problem(path, message, SECRET_HINT)
        earlier[name] = _shape_of(source, inside)


def values_shape(document: Document, scope: Scope) -> Shape:
    """Return the shape of `values` for the steps."""
    known: dict[str, Shape] = {}
    for name, source in _written(document).items():
        known[name] = _shape_of(source, {**scope, "values": Shape(dict(known))})
    values = document.data.get("values")
    others = dict.fromkeys(map(str, values), OPEN) if isinstance(values, Mapping) else {}
    return Shape({**others, **known}, plural=PLURAL, empty=UNDECLARED)


def _written(document: Document) -> dict[str, str]:
    values = document.data.get("values")
    items = values.items() if isinstance(values, Mapping) else ()
    return {str(name): source for name, source in items if isinstance(source, str)}


def secret_parameters(document: Document) -> frozenset[str]:
    """Return the names of the runbook's secret parameters."""
    schema = document.data.get("parameters")
    return secret_names(schema) if isinstance(schema, Mapping) else frozenset()


def secrets_in(source: str, secrets: frozenset[str]) -> Iterator[str]:
    """Yield the secret parameters that an expression uses; all of them if it uses the parameters as a whole."""
    try:
        references = compile_expression(source).references
    except TooMuchWork:
        raise
    except ExpressionError:
        return
    for reference in references:
        if reference.root == "params":
            yield from sorted(secrets & set(reference.members[:1]) if reference.members else secrets)


def _shape_of(source: str, scope: Scope) -> Shape:
    """Return the shape of what a plain reference refers to; nothing is known about any other expression."""
    try:
        references = compile_expression(source).references
    except TooMuchWork:
        raise
    except ExpressionError:
        return OPEN
    plain = [each for each in references if each.path == "".join(source.split())]
    known = scope.get(plain[0].root) if plain else None
    return (known.at(plain[0].members) or OPEN) if known else OPEN
