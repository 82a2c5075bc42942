"""Traces: what a request causes, from the request to the last message, as spans.

`cli` may give this process a tracer; without one, a span costs one comparison. Spans have ids, names and statuses,
never anything that people or other systems wrote into a request, a parameter or an output.

The trace of a request follows from its id, which every execution stores: so no process hands a trace to another.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Value = str | int
Annotate = Callable[..., None]  # adds attributes to a span, by their names


class Tracer(Protocol):
    """Records spans."""

    def span(
        self, name: str, origin: str | None, attributes: Mapping[str, Value | None], *, begins: bool
    ) -> AbstractContextManager[Annotate]:
        """Record what happens within the block; see `span`."""


_tracer: Tracer | None = None


def _ignore(**_attributes: Value) -> None:
    """Annotate nothing."""


_NOTHING = nullcontext(_ignore)


def trace_with(tracer: Tracer | None) -> None:
    """From now on this process has this tracer; None: it has none, as in the beginning."""
    global _tracer
    _tracer = tracer


def is_traced() -> bool:
    return _tracer is not None


def span(
    name: str, origin: str | None = None, /, *, begins: bool = False, **attributes: Value | None
) -> AbstractContextManager[Annotate]:
    """Record what happens within the block as a span, which is part of the one around it.

    `origin`: the id of the request, or of the execution if there was no request; it says which trace the outermost span
    of this process is in. `begins`: this is the request itself. Attributes that are None are left out.
    """
    if _tracer is None:
        return _NOTHING
    return _tracer.span(name, origin, attributes, begins=begins)
