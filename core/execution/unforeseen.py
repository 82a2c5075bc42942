"""An exception that nobody foresaw, while a step was at work: told with an id, and no lost worker.

What it says is in the log alone: it may hold what the step was given, a secret among it.
"""

import secrets

import structlog

from core.database import DATABASE_IS_AWAY

log = structlog.get_logger()

# These say something of the worker, or of the database, and nothing of the step.
NOT_OF_THE_STEP = DATABASE_IS_AWAY


def unforeseen(error: Exception, execution_id: str, step_id: str, what: str) -> str:
    """Log the error under a new id, and answer the sentence that names the id.

    `what` was tried: "It could not be prepared". Raises the error itself where it is not the step's.
    """
    if isinstance(error, NOT_OF_THE_STEP):
        raise error
    error_id = f"err_{secrets.token_hex(4)}"
    log.error(
        "step failed unforeseen", error_id=error_id, execution=execution_id, step=step_id, exc_info=error
    )
    return f"{what}: something went wrong on our side. An operator finds it in the log under {error_id}."
