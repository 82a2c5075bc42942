"""Request keys: one delivery (a command, a click, a request) does its deed once, however often it arrives."""

from sqlalchemy import func, select

from core.service import Work


def take_turn(work: Work, request_key: str) -> None:
    """Wait until no other transaction works for this key. What it did is then there to be found.

    Without this, two that arrive at once would both look, find nothing, and both write.
    """
    work.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(request_key, 2))))
