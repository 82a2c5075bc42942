"""Compilation and evaluation of CEL expressions (https://cel.dev) within a budget of work.

Expressions are compiled once and evaluated over plain values. The work that one request may cause is limited, because
others wait for the same process; units are those of `cost`, about 0.2 µs each. Outside an allowance nothing is counted.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache

from core.definitions.cel.cost import DEEPEST_LOOPS, MOST_WORK, is_plain, loop_depth, size_of, work_of
from core.definitions.cel.errors import ExpressionSyntaxError, ExpressionTypeError, syntax_error, translated
from core.definitions.cel.functions import Function, extra_functions
from core.definitions.cel.library import cel
from core.definitions.cel.nodes import Node, Path
from core.definitions.cel.syntax import NotUnderstood, parse
from core.definitions.cel.tokens import (
    TYPE_NAMES,
    Reference,
    all_tokens,
    calls,
    references,
    with_spelled_headers,
)
from core.definitions.cel.values import JsonValue, LazyScope, kind_of, to_cel, to_plain
from core.definitions.problems import suggest
from core.errors import ExpressionError


class TooMuchWork(ExpressionError):
    """These expressions together would take too long to evaluate."""


@dataclass
class Allowance:
    """The budget of a request; `left` is the number of units that may still be spent."""

    left: int


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def at_most(units: int) -> Iterator[Allowance]:
    """Limit the cost of all compilation and evaluation inside, also by what an enclosing allowance has left."""
    outer = _allowance.get()
    mine = Allowance(units if outer is None else min(units, outer.left))
    begin, token = mine.left, _allowance.set(mine)
    try:
        yield mine
    finally:
        _allowance.reset(token)
        if outer is not None:
            outer.left -= begin - mine.left


def spend(units: int) -> None:
    """Take units from the allowance. Raises TooMuchWork, and takes nothing, if it has fewer left."""
    allowance = _allowance.get()
    if allowance is None:
        return
    if units > allowance.left:
        raise TooMuchWork(hint="Use fewer or shorter expressions, or split the document.")
    allowance.left -= units


LONGEST_SOURCE = 4_000
COMPILED = 50  # units of work per token compiled
_LIBRARY_ERRORS = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class Expression:
    """A compiled CEL expression, created by `compile_expression`.

    `references`: the variables it uses, with their members and positions in `source`.
    """

    source: str
    references: tuple[Reference, ...]
    tree: Node = field(repr=False, compare=False)
    is_plain: bool
    program: cel.Program = field(repr=False, compare=False)
    functions: Mapping[str, Function] = field(repr=False, compare=False)

    @cached_property
    def names(self) -> frozenset[str]:
        """The variables used: `{"incident"}`."""
        return frozenset(reference.root for reference in self.references)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The variables used, with their members, dotted: `{"incident.severity"}`."""
        return frozenset(reference.path for reference in self.references)

    def evaluate(self, scope: Mapping[str, object]) -> JsonValue:
        """Return the value over `scope` as plain JSON: dict, list, str, int, float, bool or None.

        A timestamp becomes ISO 8601 text, a duration `90s`. Raises ExpressionError with the source in its sentence.
        """
        variables: Mapping[str, object] = {name: self._variable(name, scope) for name in sorted(self.names)}
        if "response" in variables:
            variables = with_spelled_headers(variables, self.source, self.references)
        self._refuse_long_work(variables)
        try:
            context = cel.Context(variables=dict(variables), functions=dict(self.functions))
            return to_plain(self.program.execute(context))
        except ExpressionError as error:
            raise ExpressionError(f"{self._about} {error.message}", hint=error.hint) from None
        except _LIBRARY_ERRORS as error:
            raise translated(error, self.source, self.paths) from None

    def is_true(self, scope: Mapping[str, object]) -> bool:
        """Return whether the condition holds over `scope`. Raises ExpressionError if its value is not true or false."""
        value = self.evaluate(scope)
        if not isinstance(value, bool):
            raise ExpressionTypeError(
                f"{self._about} A condition must be true or false; this is {kind_of(value)}.",
                hint="Compare it with something, such as x == 1.",
            )
        return value

    @property
    def _about(self) -> str:
        return f"`{self.source}` cannot be evaluated:"

    def _variable(self, name: str, scope: Mapping[str, object]) -> object:
        if name not in scope:
            hint = suggest(name, scope, plural="Known here")
            raise ExpressionError(f"`{self.source}` uses {name}, which is not known here.", hint=hint)
        value = scope[name]
        if isinstance(value, LazyScope):
            value = value.resolve(tuple(ref for ref in self.references if ref.root == name))
        try:
            copied = to_cel(value)
        except ExpressionError as error:
            raise ExpressionError(f"{self._about} {name}: {error.message}") from None
        return self._with_labels(copied) if name == "incident" else copied

    def _with_labels(self, incident: object) -> object:
        # The labels of an incident are not known in advance. A missing label reads as empty text, so that
        # `incident.labels.pager == "yes"` is false; only has(incident.labels.pager) tells the difference.
        labels = incident.get("labels") if isinstance(incident, dict) else None
        if isinstance(labels, dict):
            found = [ref for ref in self.references if ref.path.startswith("incident.labels.")]
            asked = {ref.members[1] for ref in found if ref.in_has}
            for name in {ref.members[1] for ref in found} - asked:
                labels.setdefault(name, "")
        return incident

    def _refuse_long_work(self, variables: Mapping[str, object]) -> None:
        # The library cannot be interrupted, so an evaluation that would take too long is not started.
        work = len(self.source) if self.is_plain else self._work(variables)
        if work > MOST_WORK:
            raise ExpressionError(
                f"`{self.source}` would take too long over values of this size: {work:,} units of work, "
                f"but at most {MOST_WORK:,} are allowed.",
                hint="Loop over a shorter list, do not nest loops, or use exists() or all() in place of "
                "map() or filter().",
            )
        spend(work)

    def _work(self, variables: Mapping[str, object]) -> int:
        return work_of(
            self.tree, lambda path: size_of(_at(path, variables)), lambda path: _text_at(path, variables)
        )


def _at(path: Path, variables: Mapping[str, object]) -> object:
    """Return the value at the path; None if there is none, which the evaluation will report."""
    found: object = variables.get(path.root)
    for member in path.members:
        found = found.get(member) if isinstance(found, dict) else None
    return found


def _text_at(path: Path, variables: Mapping[str, object]) -> str | None:
    found = _at(path, variables)
    return found if isinstance(found, str) else None


@lru_cache(maxsize=2048)
def compile_expression(source: str) -> Expression:
    """Compile CEL source of at most 4,000 characters. Raises ExpressionError if it is not valid CEL.

    `size()` of a text counts its UTF-8 bytes. JSON integers cannot be added to floating-point numbers: use double(x).
    """
    if len(source) > LONGEST_SOURCE:
        raise ExpressionError(
            f"An expression has at most {LONGEST_SOURCE} characters; this one has {len(source)}."
        )
    if not source.strip():
        raise ExpressionError(
            "The expression is empty.", hint='Write CEL, such as incident.severity == "critical".'
        )
    spend(COMPILED * len(all_tokens(source)))
    try:
        program = cel.compile(source)
    except _LIBRARY_ERRORS as error:
        raise syntax_error(error, source) from None
    tree = _tree(source)
    named = tuple(ref for ref in references(source) if ref.root not in TYPE_NAMES)
    # Only the functions that it calls: passing all of them takes longer than evaluating.
    called = {call.text for call in calls(source)}
    functions = {name: function for name, function in _functions().items() if name in called}
    return Expression(source, named, tree, is_plain(tree), program, functions)


def _tree(source: str) -> Node:
    try:
        tree = parse(source)
    except NotUnderstood as error:
        raise ExpressionSyntaxError(
            f"`{source}` is not a valid CEL expression: {error}.", offset=error.offset
        ) from None
    if loop_depth(tree) > DEEPEST_LOOPS:
        raise ExpressionSyntaxError(f"`{source}` has loops nested deeper than {DEEPEST_LOOPS} levels.")
    return tree


@cache
def _functions() -> dict[str, Function]:
    return extra_functions()
