"""Which action types there are."""

from collections.abc import Mapping
from functools import cache

from core.actions.base import ActionDefinition
from core.definitions.discovery import discover


@cache
def action_types() -> Mapping[str, type[ActionDefinition]]:
    """Answer the action types by name: those of this package and of the entry points `runbook.actions`.

    Raises ConfigurationError when two of them have one name.
    """
    return discover("core.actions", "runbook.actions", ActionDefinition)
