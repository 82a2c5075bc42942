"""A client that reads and never repeats a request: what it sees of faults, people see."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

EVERY = 0.25  # seconds
PATIENCE = 5.0  # seconds that it waits for an answer
QUICK = 0.5


@dataclass(frozen=True)
class Probe:
    """A request. `at`: Unix time; `error`: empty if it was answered well."""

    at: float
    seconds: float
    error: str = ""


class Probing:
    """Lists runs through the load balancer, at each look over a new connection."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._headers = f"{url}/api/runs", {"Authorization": f"Bearer {token}"}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._probe, name="probing", daemon=True)
        self.probes: list[Probe] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _probe(self) -> None:
        limits = httpx2.Limits(max_keepalive_connections=0)
        with httpx2.Client(timeout=PATIENCE, limits=limits, headers=self._headers, trust_env=False) as client:
            while not self._over.wait(EVERY):
                at, begun = time.time(), time.monotonic()
                error = self._attempt(client)
                self.probes.append(Probe(at, time.monotonic() - begun, error))

    def _attempt(self, client: httpx2.Client) -> str:
        try:
            answer = client.get(self._url)
        except httpx2.TransportError as error:
            return type(error).__name__
        return "" if answer.is_success else str(answer.status_code)


def during(probes: Sequence[Probe], begun: float, ended: float) -> list[Probe]:
    """Return the requests that were under way in this time."""
    return [each for each in probes if each.at <= ended and each.at + each.seconds >= begun]


def describe(probes: Sequence[Probe]) -> str:
    """Return how many of the requests failed, of how many, and how."""
    failed = Counter(each.error for each in probes if each.error)
    how = ", ".join(f"{count} {error}" for error, count in failed.most_common())
    return f"{failed.total()} of {len(probes)}" + (f" ({how})" if how else "")


def answers_at(url: str) -> bool:
    """Return whether there is an answer, soon and without an error."""
    try:
        return httpx2.get(url, timeout=QUICK, trust_env=False).is_success
    except httpx2.TransportError:
        return False
