"""Which step types there are."""

from collections.abc import Mapping
from functools import cache

from core.definitions.discovery import discover
from core.steps.base import StepDefinition


@cache
def step_types() -> Mapping[str, type[StepDefinition]]:
    """Answer the step types by name: those of this package and of the entry points `runbook.steps`.

    Raises ConfigurationError when two of them have one name.
    """
    return discover("core.steps", "runbook.steps", StepDefinition)


def types_called_back() -> frozenset[str]:
    """The names of those that wait to be called back."""
    return frozenset(name for name, model in step_types().items() if model.is_called_back)
