"""Notices: the Slack messages to deliver, with what is wanted and what was delivered.

`wanted` grows with every change that people should see; the poster renders the current state and sets `delivered` to
the number that it rendered. A notice is pending while `wanted > delivered`.
"""

from datetime import datetime

from sqlalchemy import Boolean, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base, JsonObject


class Notice(Base):
    """One message to deliver.

    `key` makes a notice of a kind unique for its subject. `thread_of`: the execution in whose thread it is posted.
    `priority`: the smallest is posted first, and of the same priority the one that has been due the longest.
    `uncertain`: a post was sent and has not been answered (yet). The release before orders by ix_notices_next.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "key"),
        Index(
            "ix_notices_owed",
            "due_at",
            postgresql_where=text("wanted > delivered AND abandoned_at IS NULL"),
        ),
        Index(
            "ix_notices_next",
            "priority",
            "number",
            postgresql_where=text("wanted > delivered AND abandoned_at IS NULL"),
        ),
        Index(
            "ix_notices_turn",
            "priority",
            "due_at",
            "number",
            postgresql_where=text("wanted > delivered AND abandoned_at IS NULL"),
        ),
        Index("ix_notices_subject_id", "subject_id"),
        Index("ix_notices_incident_id", "incident_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Identity(), unique=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    key: Mapped[str] = mapped_column(server_default="")
    incident_id: Mapped[str | None]
    channel: Mapped[str | None]
    content: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    thread_of: Mapped[str | None]
    priority: Mapped[int]
    wanted: Mapped[int] = mapped_column(server_default=text("1"))
    delivered: Mapped[int] = mapped_column(server_default=text("0"))
    message_ts: Mapped[str | None]
    uncertain: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None]
    abandoned_at: Mapped[datetime | None]


class HomeTab(Base):
    """The Home tab of a person who has opened it, to be published anew when it changes.

    It is due while `wanted > published`, from `due_at` on. `digest`: of the view that was published last. Nobody who
    has not opened it has a row.
    """

    __tablename__ = "home_tabs"
    __table_args__ = (Index("ix_home_tabs_due", "due_at", postgresql_where=text("wanted > published")),)

    slack_user_id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    wanted: Mapped[int] = mapped_column(server_default=text("1"))
    published: Mapped[int] = mapped_column(server_default=text("0"))
    digest: Mapped[str | None]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))


class SlackPace(Base):
    """When a Slack method or channel may next be called; shared by all posters."""

    __tablename__ = "slack_pace"

    scope: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]
