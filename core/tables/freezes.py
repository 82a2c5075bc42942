"""Freezes: what must not go on, since when, and why."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.tables.base import Base
from core.tables.people import Team


class Freeze(Base):
    """In force until `lifted_at`. `team_id`: null for everything; there is one in force for a scope at most."""

    __tablename__ = "freezes"
    __table_args__ = (
        Index(
            "uq_freezes_in_force",
            "team_id",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"))
    reason: Mapped[str]
    frozen_by: Mapped[str]
    created_at: Mapped[datetime]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
    request_key: Mapped[str | None] = mapped_column(unique=True)
    team: Mapped[Team | None] = relationship(lazy="joined")
