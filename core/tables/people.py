"""Teams, who is in them, and the tokens that speak for people over REST."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.tables.base import Base


class Team(Base):
    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    members: Mapped[list["TeamMember"]] = relationship(
        cascade="all, delete-orphan", order_by="TeamMember.slack_user_id"
    )
    channels: Mapped[list["TeamChannel"]] = relationship(
        cascade="all, delete-orphan", order_by="TeamChannel.channel"
    )


class TeamMember(Base):
    __tablename__ = "team_members"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    slack_user_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    role: Mapped[str]


class TeamChannel(Base):
    """A Slack channel that a team declares as its own. Several may declare one: then it is theirs together."""

    __tablename__ = "team_channels"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True, index=True)


class ApiToken(Base):
    """A bearer token. Only its SHA-256 is kept: the token has 256 random bits, so no salt is needed.

    `kind`: `person` or `service`; `slack_user_id`: whom it speaks for, `service:NAME` for a service, and `owner` who
    answers for that. `scopes`: core.statuses.TokenScope. `team`: the one it is good for; null: all of theirs.
    `created_by`: null for those from before tokens had scopes, which were narrowed by migration 0014.
    """

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="person")
    slack_user_id: Mapped[str] = mapped_column(index=True)
    owner: Mapped[str | None]
    scopes: Mapped[list[Any]]
    team: Mapped[str | None] = mapped_column(ForeignKey("teams.name"))
    created_by: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
