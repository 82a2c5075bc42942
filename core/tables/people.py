"""Teams with their members, channels and API tokens; secret declarations and secret parameters."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.tables.base import Base, Written


class Team(Base):
    """A team. `usergroup`: the Slack user group whose members are its responders; when Slack was last asked for them:
    `usergroup_checked_at`. `outcome`: where the ends of its runs are told, `broadcast` or `thread`.
    `private_channels`: whether its incidents get private Slack channels.
    """

    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    outcome: Mapped[str] = mapped_column(server_default=text("'broadcast'"))
    private_channels: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    created_at: Mapped[datetime]
    usergroup: Mapped[str | None]
    usergroup_checked_at: Mapped[datetime | None]
    members: Mapped[list["TeamMember"]] = relationship(
        cascade="all, delete-orphan", order_by="TeamMember.slack_user_id"
    )
    channels: Mapped[list["TeamChannel"]] = relationship(
        cascade="all, delete-orphan", order_by="TeamChannel.channel"
    )


class TeamMember(Base):
    """A member. `from_usergroup`: because the team's user group has them, and not because its document lists them."""

    __tablename__ = "team_members"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    slack_user_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    role: Mapped[str]
    from_usergroup: Mapped[bool] = mapped_column(server_default="false")


class SlackPerson(Base):
    """What Slack says of a person: their standing (core.statuses.Standing) and name, and when it was last asked."""

    __tablename__ = "slack_people"

    slack_user_id: Mapped[str] = mapped_column(primary_key=True)
    standing: Mapped[str]
    checked_at: Mapped[datetime]
    name: Mapped[str | None]


class TeamChannel(Base):
    """A Slack channel that a team declares as its own. Several teams may declare the same channel and then share it."""

    __tablename__ = "team_channels"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True, index=True)


class ApiToken(Base):
    """A bearer token. Only its SHA-256 is stored; the token has 256 random bits, so no salt is needed.

    `kind`: `person`, `service` or `agent`; `slack_user_id`: whom it acts for, `service:NAME` for a service and
    `agent:NAME` for an agent; `owner`: the person responsible for these. `scopes`: core.statuses.TokenScope. `team`:
    the only team it is valid for; null: all of theirs. `created_by`: null for tokens from before scopes, which
    migration 0014 restricted.
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


class Secret(Base):
    """The declaration of a secret; its value is in no table. `definition`: the document `kind: secret`."""

    __tablename__ = "secrets"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    definition: Mapped[Written]
    changed_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SecretParameters(Base):
    """The secret parameters of a run, which only the worker reads. The run's `parameters` have `***` in their place.

    They are separate from what people read, so that a dump or a database role can leave them out; they are deleted when
    the run has succeeded.
    """

    __tablename__ = "secret_parameters"

    execution_id: Mapped[str] = mapped_column(
        ForeignKey("runbook_executions.id", ondelete="CASCADE"), primary_key=True
    )
    parameters: Mapped[Written]
