"""Checks of the database before a process does anything: shared sessions, a restored copy, `--frozen`."""

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
    bool, typer.Option("--frozen", help="Freeze everything before starting; somebody must unfreeze it.")
]
REASON = "It was started with --frozen"

log = structlog.get_logger()


def begin(unit_of_work: UnitOfWorkFactory, *, frozen: bool = False) -> None:
    """Recognise a restored copy, and freeze everything if `frozen`.

    If the database cannot be asked now, claims and posts ask again before they do anything.
    Raises Unavailable if it could not freeze, ConfigurationError if a pooler shares sessions between clients.
    """
    _check_sessions(unit_of_work)
    try:
        settle(unit_of_work)
        if frozen:
            with unit_of_work.begin() as work:
                freeze_everything(work, OPERATOR, REASON)
    except (SQLAlchemyError, RunbookError) as error:
        if frozen:
            sentence = "Not started: --frozen was given, but nothing could be frozen."
            raise Unavailable(sentence, hint="Find out why with `runbook doctor`.") from error
        if why_not_ready(unit_of_work) is None:  # otherwise the wait for the database logs why
            log.warning("could not check whether the database is a restored copy", error=type(error).__name__)


def _check_sessions(unit_of_work: UnitOfWorkFactory) -> None:
    with suppress(SQLAlchemyError):  # an unreachable database is waited for elsewhere
        check_sessions(unit_of_work.engine)
