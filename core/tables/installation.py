"""Which database this is: by that is recognised that it is a restored copy of another one."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base


class Installation(Base):
    """One row, written by the first process that meets a new database.

    `generation`: 1, and one more with every restore. `identity`, `timeline`: of the database that wrote the row
    (core.services.operations.installation). `line`: a name for what was written since the last restore, by which
    somebody outside remembers `mark`, a number that only grows. `restored_at`: when the last restore was recognised;
    null before one.
    """

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column(server_default=text("1"))
    identity: Mapped[str]
    timeline: Mapped[str]
    line: Mapped[str]
    mark: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    restored_at: Mapped[datetime | None]
