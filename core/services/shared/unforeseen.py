"""An exception that nobody foresaw, while a step was at work: told with an id, and no lost worker.

What it says is in the log alone: it may hold what the step was given, a secret among it.
"""

import secrets
import traceback
from collections.abc import Mapping

import structlog

from core.database import DATABASE_IS_AWAY
from core.definitions.masking import Masker
from core.definitions.secrets import texts_of
from core.values.execution import Json

log = structlog.get_logger()
NOTHING: Mapping[str, Json] = {}

# These say something of the worker, or of the database, and nothing of the step.
NOT_OF_THE_STEP = DATABASE_IS_AWAY


def unforeseen(
    error: Exception, execution_id: str, step_id: str, what: str, hidden: Mapping[str, Json] = NOTHING
) -> str:
    """Log the error under a new id, and answer the sentence that names the id.

    `what` was tried: "It could not be prepared". `hidden`: the run's secret parameters, which the log does not have.
    Raises the error itself where it is not the step's.
    """
    if isinstance(error, NOT_OF_THE_STEP):
        raise error
    error_id = f"err_{secrets.token_hex(4)}"
    log.error(
        "step failed unforeseen",
        error_id=error_id,
        execution=execution_id,
        step=step_id,
        exception=Masker(texts_of(hidden)).mask("".join(traceback.format_exception(error)).rstrip()),
    )
    return f"{what}: something went wrong on our side. An operator finds it in the log under {error_id}."
