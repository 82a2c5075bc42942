"""Asks Slack who somebody is when they turn up for the first time, so that guests can do nothing from the start.

The poster asks again and again about members of teams (bot.directory). Somebody in no team may still read what is
global, and a new member has not been asked about yet.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import timedelta
from typing import Any

from bot.directory import SlackDirectory
from bot.limits import Remembered
from core.services.access.directory import is_known_since
from core.unit_of_work import UnitOfWorkFactory

SECONDS = 1.0  # of the 3 that Slack waits; after that, the request is handled by what is known
KNOWN_FOR = timedelta(days=1)


class FirstContact:
    """Each process asks about a person once."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, directory: SlackDirectory) -> None:
        self._unit_of_work, self._directory = unit_of_work, directory
        self._executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="contact")
        self._met = Remembered()

    def meet(self, body: Mapping[str, Any]) -> None:
        """Store who sent this, before a listener asks for their rights."""
        person = person_of(body)
        if not person or not self._met.add(person):
            return
        with self._unit_of_work.begin() as work:
            is_known = is_known_since(work, person, work.now - KNOWN_FOR)
        if is_known:
            return
        asking = self._executor.submit(self._directory.ask_about, self._unit_of_work, person)
        try:
            asking.result(timeout=SECONDS)
        except FutureTimeout:
            return  # it goes on, and what comes of it is stored


def person_of(body: Mapping[str, Any]) -> str:
    """Return the Slack id of whoever sent a command, click, form, shortcut or message; empty if nobody did."""
    event = body.get("event") or {}
    found = body.get("user_id") or body.get("user") or event.get("user")
    if isinstance(found, Mapping):
        found = found.get("id") if "event" not in body else None
    return str(found or "")
