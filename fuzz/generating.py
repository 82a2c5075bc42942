"""Use Hypothesis as a source of inputs."""

import time
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

Value = TypeVar("Value")
SETTINGS = settings(
    max_examples=10,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def use_some(number: int, strategy: SearchStrategy[Value], use: Callable[[Value], None]) -> None:
    """Call `use`, which must not raise, with about ten values. The same `number` gives the same values."""

    @seed(number)
    @SETTINGS
    @given(strategy)
    def once(value: Value) -> None:
        use(value)

    once()


def use_for(
    seconds: float, number: int, strategy: SearchStrategy[Value], use: Callable[[Value], None]
) -> None:
    """Call `use` with new values for `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        use_some(number, strategy, use)
        number += 1
