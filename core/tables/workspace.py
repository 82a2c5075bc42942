"""The Slack workspace that this installation belongs to."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base


class SlackWorkspace(Base):
    """One row, learned from Slack: a start without Slack knows it all the same.

    `enterprise_id` is empty where the workspace belongs to none; `app_id` is null where Slack does not tell it.
    """

    __tablename__ = "slack_workspace"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team_id: Mapped[str]
    enterprise_id: Mapped[str]
    app_id: Mapped[str | None]
    learned_at: Mapped[datetime]
