"""Secrets: what is declared about them. Their values are in no table."""

from datetime import datetime

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
