"""Computes the values of a run when a worker first takes it, and stores them with the run.

They are part of the claim's transaction, so every later claim finds them, whatever the incident has become.
"""

from collections.abc import Mapping

from core.definitions.run_values import compute_values
from core.errors import ExpressionError
from core.execution.scope import names_at_start
from core.services.executions.kinds import AnyExecution
from core.tables import RunbookExecution


def settle_values(row: AnyExecution, incident: Mapping[str, object]) -> str | None:
    """Compute and store the values, unless that was done. Return why the run cannot have them, or None.

    A run that is to be cancelled needs none.
    """
    if not isinstance(row, RunbookExecution) or row.values is not None or row.cancel_requested:
        return None
    written = row.definition.get("values") or {}
    if not written:
        return None
    try:
        row.values = compute_values(written, names_at_start(row, incident))
    except ExpressionError as error:
        return why_without_values(error)
    return None


def why_without_values(error: ExpressionError) -> str:
    """Return the error of a run whose values cannot be computed."""
    return f"Its values cannot be computed, so no step was started. {error}"
