"""How much work people's expressions may make, of one another's time: a bound for all that is done for one request.

Units are those of cel_cost: about 0.2 µs each. Nothing is counted where nobody said how much there is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

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
