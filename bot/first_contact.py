"""Asks Slack who somebody is when they turn up for the first time, so that guests can do nothing from the start.

The poster asks again and again about members of teams (bot.directory). Somebody in no team may still read what is
global, and a new member has not been asked about yet.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import timedelta
from functools import partial
from typing import Any

from bot.directory import SlackDirectory
from bot.limits import Remembered
from core.database import DATABASE_IS_AWAY
from core.services.access.directory import is_known_since
from core.unit_of_work import UnitOfWorkFactory

SECONDS = 1.0  # of the 3 that Slack waits; after that, the request is handled by what is known
REST = 10.0  # seconds in which nobody is asked about, after Slack did not answer
KNOWN_FOR = timedelta(days=1)
AT_ONCE = 16  # people; a process that ends waits for their answers


class FirstContact:
    """Each process asks about a person until it knows. Requests of one person wait for one question together.

    `clock`: returns seconds that only grow.
    """

    def __init__(
        self,
        unit_of_work: UnitOfWorkFactory,
        directory: SlackDirectory,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._unit_of_work, self._directory, self._clock = unit_of_work, directory, clock
        self._executor = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="contact")
        self._known = Remembered()
        self._asking: dict[str, Future[bool]] = {}
        self._lock = threading.Lock()
        self._rests_until = 0.0

    def meet(self, body: Mapping[str, Any]) -> None:
        """Store who sent this, before a listener asks for their rights."""
        person = person_of(body)
        asking = self._ask(person) if person and person not in self._known else None
        if asking is None:
            return
        try:
            asking.result(timeout=SECONDS)
        except FutureTimeout:
            return  # it goes on, and what comes of it is stored
        except DATABASE_IS_AWAY:
            return  # the request finds out by itself

    def _ask(self, person: str) -> "Future[bool] | None":
        """Return the question about this person, which may have been asked already; None if nobody is asked now."""
        with self._lock:
            known = self._asking.get(person)
            if known is not None or len(self._asking) >= AT_ONCE or self._clock() < self._rests_until:
                return known
            asking = self._asking[person] = self._executor.submit(self._find_out, person)
        asking.add_done_callback(partial(self._asked, person))  # calls at once if it is over: not in the lock
        return asking

    def _find_out(self, person: str) -> bool:
        """Return whether it is known, now or as before, who this is."""
        with self._unit_of_work.begin() as work:
            is_known = is_known_since(work, person, work.now - KNOWN_FOR)
        return is_known or self._directory.ask_about(self._unit_of_work, person)

    def _asked(self, person: str, asking: "Future[bool]") -> None:
        is_known = not asking.cancelled() and asking.exception() is None and asking.result()
        if is_known:
            self._known.add(person)
        with self._lock:
            self._asking.pop(person, None)
            if not is_known:
                self._rests_until = self._clock() + REST


def person_of(body: Mapping[str, Any]) -> str:
    """Return the Slack id of whoever sent a command, click, form, shortcut or message; empty if nobody did."""
    event = body.get("event") or {}
    found = body.get("user_id") or body.get("user") or event.get("user")
    if isinstance(found, Mapping):
        found = found.get("id") if "event" not in body else None
    return str(found or "")
