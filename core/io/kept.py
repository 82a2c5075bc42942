"""What is kept between HTTP calls: threads, and connections for requests that may be repeated.

A connection is kept for one scheme, name, address and port, since names at one address have certificates of their own,
and for one call at a time. The peer may close it at any moment, and then nobody knows whether a request arrived: so
only requests go over it that may be sent once more (RFC 9110, 9.2.2).
"""

import socket
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import NamedTuple

import httpx2

from core.io.attempts import Attempt

MOST_CONNECTIONS, MOST_THREADS = 8, 4
FRESH_SECONDS = 3.0  # after that it is not used any more; servers close idle connections after five and more
BROKEN = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError, httpx2.CloseError)


class Place(NamedTuple):
    """Where a connection leads. `host`: the name that its certificate was checked for."""

    scheme: str
    host: str
    address: str
    port: int


class KeptConnection:
    """One connection, used by one call at a time."""

    def __init__(self, open_client: Callable[[httpx2.Limits], httpx2.Client]) -> None:
        limits = httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=FRESH_SECONDS)
        self._client = open_client(limits)
        self._socket: socket.socket | None = None
        self._is_used = False

    def send(self, request: httpx2.Request, attempt: Attempt) -> httpx2.Response:
        """Send the request; once more over a new connection, if the one that was used before turns out to be closed."""
        if self._socket is not None:
            attempt.hold(self._socket)
        was_used, self._is_used = self._is_used, True
        try:
            return self._client.send(request, stream=True)
        except BROKEN:
            if not was_used or attempt.is_broken_off:
                raise
            return self._client.send(request, stream=True)

    def keep(self, attempt: Attempt) -> None:
        """Take the socket back from the attempt, whose answer has been read."""
        self._socket = attempt.detach()

    def close(self) -> None:
        self._client.close()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()


class KeptConnections:
    """The connections that no call uses at the moment, at most MOST_CONNECTIONS; of more, the oldest is closed."""

    def __init__(self, open_client: Callable[[httpx2.Limits], httpx2.Client]) -> None:
        self._open_client = open_client
        self._idle: OrderedDict[Place, KeptConnection] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, place: Place) -> KeptConnection:
        with self._lock:
            found = self._idle.pop(place, None)
        return found or KeptConnection(self._open_client)

    def give_back(self, place: Place, connection: KeptConnection) -> None:
        with self._lock:
            surplus = [each for each in (self._idle.pop(place, None),) if each is not None]
            self._idle[place] = connection
            if len(self._idle) > MOST_CONNECTIONS:
                surplus.append(self._idle.popitem(last=False)[1])
        for each in surplus:
            each.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = list(self._idle.values()), OrderedDict()
        for each in idle:
            each.close()


Act = Callable[[], None]


class KeptThreads:
    """Runs each act on a thread of its own. Up to MOST_THREADS idle ones are kept; one that hangs holds up no other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[SimpleQueue[Act | None]] = []
        self._is_closed = False
        self._lock = threading.Lock()

    def run(self, act: Act) -> None:
        """Begin the act, which must not raise."""
        with self._lock:
            acts = self._idle.pop() if self._idle else None
        if acts is None:
            acts = SimpleQueue()
            threading.Thread(target=self._live, args=(acts,), daemon=True).start()
        acts.put(act)

    def close(self) -> None:
        """End the idle threads, and the others once their act is over."""
        with self._lock:
            self._is_closed, idle, self._idle = True, self._idle, []
        for acts in idle:
            acts.put(None)

    def _live(self, acts: "SimpleQueue[Act | None]") -> None:
        thread = threading.current_thread()
        while (act := acts.get()) is not None:
            thread.name = self._name
            act()
            del act  # an idle thread keeps nothing of what it did
            thread.name = f"{self._name}, idle"
            with self._lock:
                if self._is_closed or len(self._idle) >= MOST_THREADS:
                    return
                self._idle.append(acts)
