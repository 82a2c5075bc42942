"""What ended, counted: by whose it is, and by the day in which it was asked for (docs/adr/0015)."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Identity, text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base, JsonObject


class EndedExecution(Base):
    """An execution that ended and is not counted yet. Triggers of the executions' tables write it with the end.

    No foreign key: its check would cost each end a look-up, and the trigger knows the row.
    """

    __tablename__ = "ended_executions"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    execution_id: Mapped[str]


class _Key:
    """`owner_id`: of the runbook or workflow. `team_id`: of the incident. `day`: of the request, in UTC."""

    owner_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(primary_key=True)


class Tally(_Key, Base):
    """`counts`: how many, by `ended STATUS`, `duration BUCKET`, `approval BUCKET` (core.services.analytics.tallies)."""

    __tablename__ = "tallies"

    counts: Mapped[JsonObject]
    last_success: Mapped[datetime | None]


class FailureTally(_Key, Base):
    """In how many failed executions a step failed with an error, of which the first 500 characters are kept."""

    __tablename__ = "failure_tallies"

    step_id: Mapped[str] = mapped_column(primary_key=True)
    error: Mapped[str] = mapped_column(primary_key=True, server_default=text("''"))
    executions: Mapped[int] = mapped_column(BigInteger)
