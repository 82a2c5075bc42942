"""Writes the head of the audit trail down every hour, where the database's owner is not: log, file, another machine."""

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
AGAIN = 300.0  # seconds after which a head is written again that could not be written everywhere
PATIENCE = timedelta(seconds=10)
GOOD = range(200, 300)

Destination = Callable[[Mapping[str, object]], None]
log = structlog.get_logger()


class HourlyHead:
    """A duty of the clock's. `now`: of the monotonic clock.

    Each clock has its own hour, and a fresh one begins with a head: two heads an hour are as good as one.
    """

    def __init__(
        self, secret: str, destinations: Mapping[str, Destination], now: Callable[[], float]
    ) -> None:
        self._secret, self._destinations, self._now = secret, destinations, now
        self._due = now()

    def write_head(self, unit_of_work: UnitOfWorkFactory) -> None:
        """If an hour is over. What cannot be written is told, and tried again."""
        now = self._now()
        if now < self._due:
            return
        with unit_of_work.begin() as work:
            head = newest_head(work)
        if head is None:
            return
        said = signed(head, self._secret)
        log.info("audit head", **said)
        well = [self._write(name, write, said) for name, write in self._destinations.items()]
        self._due = now + (HOUR if all(well) else AGAIN)

    def _write(self, name: str, write: Destination, said: Mapping[str, object]) -> bool:
        try:
            write(said)
        except (OSError, RunbookError) as error:
            log.error("the audit head could not be written", to=name, error=str(error))
            return False
        return True


def to_file(path: Path) -> Destination:
    """One JSON object a line, at the end of a file that is ours alone."""

    def write(said: Mapping[str, object]) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(said) + "\n")
            file.flush()
            os.fsync(descriptor)

    return write


def to_url(url: str, http: HttpCaller) -> Destination:
    """A POST of the JSON object, to where the egress policy lets it."""

    def write(said: Mapping[str, object]) -> None:
        headers = {"Content-Type": "application/json"}
        request = HttpRequest("POST", url, headers, content=json.dumps(said).encode())
        try:
            answer = http.call(request, PATIENCE, threading.Event())
        except (NotSent, NoAnswer) as error:
            raise Unavailable(f"It does not answer: {error}.") from error
        if answer.status not in GOOD:
            raise Unavailable(f"It answered {answer.status}.")

    return write
