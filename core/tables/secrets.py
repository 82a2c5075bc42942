"""Secrets: what is declared about them (their values are in no table), and parameters that are secrets."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base, Written


class Secret(Base):
    """`definition`: the document `kind: secret`."""

    __tablename__ = "secrets"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    definition: Mapped[Written]
    changed_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SecretParameters(Base):
    """What a run was given and nobody may see: the worker alone reads it. In `parameters` of the run stands `***`.

    It is apart from what people read, so that a dump or a role may leave it out; it is gone when the run succeeded.
    """

    __tablename__ = "secret_parameters"

    execution_id: Mapped[str] = mapped_column(
        ForeignKey("runbook_executions.id", ondelete="CASCADE"), primary_key=True
    )
    parameters: Mapped[Written]
