"""Slack's pace: how soon after one call the next may follow. Shared by all posters through the database."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import func

from core.tables import SlackPace

# https://docs.slack.dev/apis/web-api/rate-limits/: "posting one message per second per channel".
POST_EVERY = timedelta(seconds=1)
# chat.update is tier 3 (https://docs.slack.dev/reference/methods/chat.update/): 50+ a minute, whole workspace.
UPDATE_EVERY = timedelta(seconds=1.2)
UPDATE = "chat.update"
POST = "chat.postMessage"


def post_scope(channel: str) -> str:
    return f"{POST}:{channel}"


def hold(session: Session, scope: str, until: datetime) -> None:
    """Nobody calls in this scope before `until`."""
    statement = insert(SlackPace).values(scope=scope, free_at=until)
    later = func.greatest(SlackPace.free_at, statement.excluded.free_at)
    session.execute(
        statement.on_conflict_do_update(index_elements=[SlackPace.scope], set_={"free_at": later})
    )


def release(session: Session, scope: str) -> None:
    """The call that the scope was held for was not needed."""
    session.execute(delete(SlackPace).where(SlackPace.scope == scope))
