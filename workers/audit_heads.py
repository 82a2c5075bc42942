"""Stores the audit trail's head every hour where the database's owner cannot change it: log, file, another machine."""

import json
import os
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import structlog

from core.decisions.audit_chain import signed
from core.errors import RunbookError, Unavailable
from core.io.http import HttpCaller, HttpRequest, NoAnswer, NotSent
from core.services.audit.chain import newest_head
from core.unit_of_work import UnitOfWorkFactory

HOUR = 3600.0  # seconds
AGAIN = 300.0  # seconds after which it is tried again if a destination failed
PATIENCE = timedelta(seconds=10)
GOOD = range(200, 300)

Destination = Callable[[Mapping[str, object]], None]
log = structlog.get_logger()


class HourlyHead:
    """A periodic task of the scheduler. `now`: returns the monotonic time in seconds.

    Each scheduler counts its own hour and starts with a head; two heads an hour do no harm.
    """

    def __init__(
        self, secret: str, destinations: Mapping[str, Destination], now: Callable[[], float]
    ) -> None:
        self._secret, self._destinations, self._now = secret, destinations, now
        self._due = now()

    def write_head(self, unit_of_work: UnitOfWorkFactory) -> None:
        """Write the head if it is due. Failures are logged and tried again."""
        now = self._now()
        if now < self._due:
            return
        with unit_of_work.begin() as work:
            head = newest_head(work)
        if head is None:
            return
        content = signed(head, self._secret)
        log.info("audit head", **content)
        successes = [self._write(name, write, content) for name, write in self._destinations.items()]
        self._due = now + (HOUR if all(successes) else AGAIN)

    def _write(self, name: str, write: Destination, content: Mapping[str, object]) -> bool:
        try:
            write(content)
        except (OSError, RunbookError) as error:
            log.error("audit head could not be written", to=name, error=str(error))
            return False
        return True


def to_file(path: Path) -> Destination:
    """Return a destination that appends one JSON object per line to a file that only we can read."""

    def write(content: Mapping[str, object]) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(content) + "\n")
            file.flush()
            os.fsync(descriptor)

    return write


def to_url(url: str, http: HttpCaller) -> Destination:
    """Return a destination that sends the JSON object by POST, subject to the egress policy."""

    def write(content: Mapping[str, object]) -> None:
        headers = {"Content-Type": "application/json"}
        request = HttpRequest("POST", url, headers, content=json.dumps(content).encode())
        try:
            answer = http.call(request, PATIENCE, threading.Event())
        except (NotSent, NoAnswer) as error:
            raise Unavailable(f"It does not answer: {error}.") from error
        if answer.status not in GOOD:
            raise Unavailable(f"It answered {answer.status}.")

    return write
