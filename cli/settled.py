"""What a process finds out of its database before it does anything."""

from contextlib import suppress
from typing import Annotated

import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError

from cli.operator import OPERATOR
from cli.readiness import why_not_ready
from core.database import check_sessions
from core.errors import RunbookError, Unavailable
from core.services.freezes.declaring import freeze_everything
from core.services.operations.restore import settle
from core.unit_of_work import UnitOfWorkFactory

Frozen = Annotated[
    bool, typer.Option("--frozen", help="Freeze everything before anything begins; somebody unfreezes it.")
]
REASON = "It was started with --frozen"

log = structlog.get_logger()


def begin(unit_of_work: UnitOfWorkFactory, *, frozen: bool = False) -> None:
    """Recognise a restored copy, and freeze where that was asked for. Raises Unavailable where it cannot be frozen.

    Raises ConfigurationError for a pooler that shares sessions.

    What cannot be found out now is found out later: whoever claims something, or posts something, asks again.
    """
    _check_sessions(unit_of_work)
    try:
        settle(unit_of_work)
        if frozen:
            with unit_of_work.begin() as work:
                freeze_everything(work, OPERATOR, REASON)
    except (SQLAlchemyError, RunbookError) as error:
        if frozen:
            sentence = "It was to start frozen, and could not freeze anything, so it did not start."
            raise Unavailable(sentence, hint="`runbook doctor` says what is wrong.") from error
        if why_not_ready(unit_of_work) is None:  # else who waits for the database says why
            log.warning(
                "the database could not be asked whether it is a restored copy", error=type(error).__name__
            )


def _check_sessions(unit_of_work: UnitOfWorkFactory) -> None:
    with suppress(SQLAlchemyError):  # a database that is away is waited for elsewhere
        check_sessions(unit_of_work.engine)
