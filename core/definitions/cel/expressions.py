"""Compiling and evaluating expressions, within a bound of work.

How much work people's expressions may make, of one another's time: a bound for all that is done for one request.

Units are those of cel_cost: about 0.2 µs each. Nothing is counted where nobody said how much there is.

Expressions: CEL (https://cel.dev), compiled once and evaluated over plain values.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Protocol, runtime_checkable

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
from core.definitions.cel.values import JsonValue, kind_of, to_cel, to_plain
from core.definitions.problems import suggest
from core.errors import ExpressionError


class TooMuchWork(ExpressionError):
    """All that is to be evaluated here would take too long together."""


@dataclass
class Allowance:
    """`left`: how many units may still be spent."""

    left: int


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def at_most(units: int) -> Iterator[Allowance]:
    """Whatever is compiled and evaluated inside may cost so much, and no more than an allowance around it has left."""
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
    """Take it from the allowance. Raises TooMuchWork, and takes nothing, where that has less."""
    allowance = _allowance.get()
    if allowance is None:
        return
    if units > allowance.left:
        raise TooMuchWork(hint="Write fewer and shorter expressions, or take them apart.")
    allowance.left -= units


LONGEST_SOURCE = 4_000
COMPILED = 50  # units of work for each token that is compiled
_LIBRARY_ERRORS = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


@runtime_checkable
class LazyScope(Protocol):
    """A value of a scope that only wants to give what an expression asks for, such as secrets."""

    def resolve(self, asked: tuple[Reference, ...]) -> Mapping[str, object]:
        """Answer the members that the references name; raises RunbookError for one that is not there."""


@dataclass(frozen=True)
class Expression:
    """A compiled CEL expression. Make one by `compile_expression`.

    `references` are the variables it names, with their members and where they stand in `source`.
    """

    source: str
    references: tuple[Reference, ...]
    tree: Node = field(repr=False, compare=False)
    is_plain: bool
    program: cel.Program = field(repr=False, compare=False)
    functions: Mapping[str, Function] = field(repr=False, compare=False)

    @property
    def names(self) -> frozenset[str]:
        """The variables: `{"incident"}`."""
        return frozenset(reference.root for reference in self.references)

    @property
    def paths(self) -> frozenset[str]:
        """The variables with their members, dotted: `{"incident.severity"}`."""
        return frozenset(reference.path for reference in self.references)

    def evaluate(self, scope: Mapping[str, object]) -> JsonValue:
        """Answer the value over `scope` as plain JSON: dict, list, str, int, float, bool or None.

        A timestamp comes as ISO 8601 text, a duration as `90s`. Raises ExpressionError, a sentence with the source.
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
        """Answer whether the condition holds over `scope`; raises ExpressionError when it is neither true nor false."""
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
            raise ExpressionError(f"`{self.source}` names {name}, which is not known here.", hint=hint)
        value = scope[name]
        if isinstance(value, LazyScope):
            value = value.resolve(tuple(ref for ref in self.references if ref.root == name))
        try:
            copied = to_cel(value)
        except ExpressionError as error:
            raise ExpressionError(f"{self._about} {name}: {error.message}") from None
        return self._with_labels(copied) if name == "incident" else copied

    def _with_labels(self, incident: object) -> object:
        # Which labels there are is not known before: one that an incident lacks reads as empty text, so that
        # `incident.labels.pager == "yes"` is false there. Only has(incident.labels.pager) tells the difference.
        labels = incident.get("labels") if isinstance(incident, dict) else None
        if isinstance(labels, dict):
            found = [ref for ref in self.references if ref.path.startswith("incident.labels.")]
            asked = {ref.members[1] for ref in found if ref.in_has}
            for name in {ref.members[1] for ref in found} - asked:
                labels.setdefault(name, "")
        return incident

    def _refuse_long_work(self, variables: Mapping[str, object]) -> None:
        # The library cannot be interrupted: what would take too long is not begun.
        work = len(self.source) if self.is_plain else self._work(variables)
        if work > MOST_WORK:
            raise ExpressionError(
                f"`{self.source}` would take too long over values of this size: {work:,} units of work, "
                f"and at most {MOST_WORK:,} are done.",
                hint="Loop over a shorter list, do not nest loops, or use exists() or all() in place of "
                "map() or filter().",
            )
        spend(work)

    def _work(self, variables: Mapping[str, object]) -> int:
        return work_of(
            self.tree, lambda path: size_of(_at(path, variables)), lambda path: _text_at(path, variables)
        )


def _at(path: Path, variables: Mapping[str, object]) -> object:
    """The value there; None where there is none, which the evaluation will say."""
    found: object = variables.get(path.root)
    for member in path.members:
        found = found.get(member) if isinstance(found, dict) else None
    return found


def _text_at(path: Path, variables: Mapping[str, object]) -> str | None:
    found = _at(path, variables)
    return found if isinstance(found, str) else None


@lru_cache(maxsize=2048)
def compile_expression(source: str) -> Expression:
    """Compile CEL source of at most 4,000 characters; raises ExpressionError where it is no CEL.

    `size()` of a text counts its UTF-8 bytes; the integers of JSON do not add to its fractions: use double(x).
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
    # Only what it calls: handing over all of them takes longer than evaluating.
    called = {call.text for call in calls(source)}
    functions = {name: function for name, function in _functions().items() if name in called}
    return Expression(source, named, tree, is_plain(tree), program, functions)


def _tree(source: str) -> Node:
    try:
        tree = parse(source)
    except NotUnderstood as error:
        raise ExpressionSyntaxError(
            f"`{source}` is no CEL expression: {error}.", offset=error.offset
        ) from None
    if loop_depth(tree) > DEEPEST_LOOPS:
        raise ExpressionSyntaxError(f"`{source}` has loops nested deeper than {DEEPEST_LOOPS} levels.")
    return tree


@cache
def _functions() -> dict[str, Function]:
    return extra_functions()
