"""The driver: makes requests at a given rate, for incidents that it opens along the way."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random

import httpx2

from chaos.definitions import ALWAYS, SERVICES
from chaos.driver.asking import EXTRA, Asking
from chaos.driver.responding import Responding
from chaos.environment import Environment
from chaos.settling import is_too_long

LOOK_SECONDS = 0.2
THREADS = 8
PER_INCIDENT = 5  # requests: Slack accepts one message per second and channel


class Driver:
    """Makes requests. `runbooks`: the names to request."""

    def __init__(self, environment: Environment, seed: int, runbooks: tuple[str, ...] = ALWAYS) -> None:
        self._environment, self.seed, self._runbooks = environment, seed, runbooks
        self._asking, self.responding = Asking(environment, seed), Responding(environment, seed)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._incident = ""
        self._extras = count(EXTRA)
        self.asked = 0
        self.failure: Exception | None = None

    def start(self, rate: float, most: int) -> None:
        """Make `rate` requests per second, at most `most`, and none while too much work is waiting."""
        self.responding.start()
        self._thread = threading.Thread(target=self._drive_on, args=(rate, most), name="driver", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Stop requests and retries, and return when every request has been answered."""
        self.responding.retrying.close()
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._asking.close()

    def close(self) -> None:
        self.responding.stop()

    def await_requests(self, number: int) -> None:
        """Wait until this many requests were made. Raises RuntimeError if the driver failed."""
        while self.asked < number:
            if self.failure is not None:
                raise RuntimeError("The driver failed.") from self.failure
            time.sleep(LOOK_SECONDS)

    def _drive_on(self, rate: float, most: int) -> None:
        try:
            self._drive(rate, most)
        except (TimeoutError, httpx2.HTTPError) as error:
            self.failure = error

    def _drive(self, rate: float, most: int) -> None:
        with ThreadPoolExecutor(THREADS, thread_name_prefix="askers") as pool:
            while self.asked < most and not self._stop.wait(1 / rate):
                if is_too_long(self._environment.conninfo):
                    continue
                if self.asked % PER_INCIDENT == 0:
                    self._incident = self._open(self.asked // PER_INCIDENT)
                pool.submit(self._ask, self.asked, self._chosen(self.asked))
                self.asked += 1

    def ask_extra(self, runbook: str) -> None:
        """Request one more run, now, for the newest incident."""
        if self._incident:
            self._ask(next(self._extras), runbook)

    def open_incident(self, title: str) -> str:
        """Open one more incident and return its id."""
        return self._asking.open_incident(title, "none")

    def _ask(self, number: int, runbook: str) -> None:
        incident = self._incident
        self._asking.ask(number, incident, self.responding.channels.get(incident), runbook)

    def _open(self, number: int) -> str:
        """Open an incident through REST and return its id; now and then open an extra one through Slack."""
        chance = Random(f"{self.seed}/incident/{number}")
        if chance.random() < 0.2:
            self._asking.open_in_slack(f"slack-{self.seed}-{number}")
        [service] = chance.choices(list(SERVICES), list(SERVICES.values()))
        return self._asking.open_incident(f"i{self.seed}-{number}", service)

    def _chosen(self, number: int) -> str:
        return Random(f"{self.seed}/runbook/{number}").choice(self._runbooks)
