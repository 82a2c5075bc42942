"""What one step, or action, says of itself, with all that it may know: its condition, its scope, its own answer."""

from collections.abc import Sequence
from dataclasses import replace

from core.decisions.execution import Failed
from core.definitions.expressions import compile_expression
from core.errors import ConfigurationError, RunbookError
from core.steps.base import StepDefinition

from .kinds import AnyPart
from .preparation import Context, Preparable, Prepared
from .unforeseen import unforeseen


def prepare_part(part: AnyPart, context: Context, parts: Sequence[AnyPart]) -> Prepared:
    """What the step, or action, will do. `parts`: all there are. Where it cannot be prepared it fails, for good."""
    try:
        context = _with_callbacks(context, parts)
        if part.condition is not None and not compile_expression(part.condition).is_true(context.scope):
            return part.unmet()
        if not isinstance(part, Preparable):
            raise ConfigurationError(f"The type {part.type} has fields, but no `prepare`: it can do nothing.")
        return part.prepare(context)
    except RunbookError as error:
        return Failed(context.masker.mask(str(error)), final=True)
    except Exception as error:  # noqa: BLE001 whatever people's values make of it, the worker lives
        said = unforeseen(error, context.execution_id, part.id, "It could not be prepared", context.hidden)
        return Failed(said, final=True)


def _with_callbacks(context: Context, parts: Sequence[AnyPart]) -> Context:
    """Where the runbook has steps that are called back, `callbacks` has their addresses, which nobody else may see.

    Raises ConfigurationError where nobody could call back: at the first step, before anything happened.
    """
    ids = [part.id for part in parts if isinstance(part, StepDefinition) and part.is_called_back]
    if not ids:
        return context
    urls = context.ports.callbacks.urls(context.execution_id, ids)
    tokens = [url.rpartition("/")[2] for url in urls.values()]
    masker = context.masker_with(*tokens)
    return replace(context, names={**context.names, "callbacks": urls}, masker=masker)
