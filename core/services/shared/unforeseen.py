"""Unexpected exceptions of a step: logged under an id that people are given, so that the worker survives.

The exception's text goes only to the log, because it may contain the step's input, including secrets.
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

# These are about the worker or the database, not the step.
NOT_OF_THE_STEP = DATABASE_IS_AWAY


def unforeseen(
    error: Exception, execution_id: str, step_id: str, what: str, hidden: Mapping[str, Json] = NOTHING
) -> str:
    """Log the error under a new id, and return a sentence for people that names the id.

    `what`: what failed, as a clause: "It could not be prepared". `hidden`: the run's secret parameters, which are
    masked in the log. Raises the error again if it is not the step's.
    """
    if isinstance(error, NOT_OF_THE_STEP):
        raise error
    error_id = f"err_{secrets.token_hex(4)}"
    log.error(
        "step failed unexpectedly",
        error_id=error_id,
        execution=execution_id,
        step=step_id,
        exception=Masker(texts_of(hidden)).mask("".join(traceback.format_exception(error)).rstrip()),
    )
    return f"{what}: something went wrong on our side. An operator finds it in the log under {error_id}."
