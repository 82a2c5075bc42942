"""Request keys: one delivery (a command, a click, a request) does its deed once, however often it arrives."""

from core.advisory_locks import Seed, wait_for
from core.service import Work


def take_turn(work: Work, request_key: str) -> None:
    """Wait until no other transaction works for this key. What it did is then there to be found.

    Without this, two that arrive at once would both look, find nothing, and both write.
    """
    wait_for(work.session, Seed.REQUEST, request_key)
