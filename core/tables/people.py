"""Teams, who is in them, and the tokens that speak for people over REST."""

from datetime import datetime

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
    """A bearer token. Only its SHA-256 is kept: the token has 256 random bits, so no salt is needed."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str]
    slack_user_id: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
