"""Somebody who looks at the database all the time, in a thread of their own, while it comes and goes."""

import threading
from abc import ABC, abstractmethod
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]


class Watch(ABC):
    """`look` is called every `pause` seconds."""

    def __init__(self, conninfo: str, pause: float) -> None:
        self._conninfo, self._pause = conninfo, pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=type(self).__name__, daemon=True)

    @abstractmethod
    def look(self, connection: Connection) -> None:
        """Once. May raise psycopg.Error: then the next look is by a new connection."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._pause):
            try:
                with psycopg.connect(self._conninfo, autocommit=True, connect_timeout=2) as connection:
                    while not self._over.wait(self._pause):
                        self.look(connection)
            except psycopg.Error:
                continue  # the database is away, as it may be here
