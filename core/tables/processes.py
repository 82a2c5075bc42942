"""The processes that are at work, and which releases may be, on the schema that there is."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base


class Process(Base):
    """One that began, and did not end in order since. `kind`: `worker`, …; `seen_at`: its last sign of life."""

    __tablename__ = "processes"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    version: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SchemaCompatibility(Base):
    """One row, written by `runbook migrate`. `oldest_code`: the oldest release that works with the schema as it is.

    A release is named by its newest migration.
    """

    __tablename__ = "schema_compatibility"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    oldest_code: Mapped[str]
