"""Callbacks that came for steps of type `callback`, some before their step was reached."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base


class Callback(Base):
    """One callback a step: the primary key says so. `body` is emptied when its step has read it, or the run has ended.

    What comes from outside may hold a secret of ours; the step keeps what it needs of it, masked.
    """

    __tablename__ = "callbacks"

    execution_id: Mapped[str] = mapped_column(
        ForeignKey("runbook_executions.id", ondelete="CASCADE"), primary_key=True
    )
    step_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    body: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
