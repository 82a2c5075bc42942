"""What is seen from outside: requests that fail, workers that hold executions, how soon a host is back."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2

from chaos.watching import Connection, Watch

LOOK_SECONDS = 0.1
HOLDERS = """
SELECT DISTINCT worker FROM runbook_executions WHERE worker IS NOT NULL
UNION SELECT DISTINCT worker FROM workflow_executions WHERE worker IS NOT NULL
"""
PROBE_SECONDS = 5.0  # that a client waits for an answer


@dataclass(frozen=True)
class Probe:
    """A request of a client that never repeats one. `at`: Unix time; `error`: empty if it was answered well."""

    at: float
    seconds: float
    error: str = ""


class Probing:
    """Reads a list of runs through the load balancer, ten times a second, each time over a new connection."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._headers = f"{url}/api/runs", {"Authorization": f"Bearer {token}"}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._probe, name="probe", daemon=True) for _ in range(2)]
        self._probes: list[Probe] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def between(self, begun: float, ended: float) -> list[Probe]:
        return [each for each in list(self._probes) if begun <= each.at <= ended]

    def _probe(self) -> None:
        limits = httpx2.Limits(max_keepalive_connections=0)
        with httpx2.Client(
            timeout=PROBE_SECONDS, limits=limits, headers=self._headers, trust_env=False
        ) as client:
            while not self._over.wait(2 * LOOK_SECONDS):
                at, begun = time.time(), time.monotonic()
                error = self._attempt(client)
                self._probes.append(Probe(at, time.monotonic() - begun, error))

    def _attempt(self, client: httpx2.Client) -> str:
        try:
            answer = client.get(self._url)
        except httpx2.TransportError as error:
            return type(error).__name__
        return "" if answer.is_success else str(answer.status_code)


class Holding(Watch):
    """Notes when each worker process was seen to hold an execution."""

    def __init__(self, conninfo: str) -> None:
        super().__init__(conninfo, LOOK_SECONDS)
        self._seen: dict[int, list[float]] = {}

    def look(self, connection: Connection) -> None:
        now = time.time()
        for (worker,) in connection.execute(HOLDERS.encode()):
            self._seen.setdefault(int(str(worker).rpartition(".")[2]), []).append(now)

    def first(self, pids: Sequence[int], since: float) -> float | None:
        """Return when one of these processes was first seen to hold something after `since`."""
        times = [at for pid in pids for at in list(self._seen.get(pid, ())) if at > since]
        return min(times, default=None)


def answers_at(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=0.5, trust_env=False).is_success
    except httpx2.TransportError:
        return False


def seconds_until(is_so: Callable[[], bool], patience: float) -> float | None:
    """Wait until `is_so` returns True, and return how long that took; None after `patience` seconds."""
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() - begun > patience:
            return None
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - begun
