"""Measure answers to Slack while the web process is busy with REST, or Redis does not respond.

Slack waits for 3 s. The whole of `/runbook run` is measured, as in bench.commands.
"""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import psycopg

from bench.definitions import ONE_STEP, PERSON, TEAM
from bench.place import Place
from bench.processes import running_web
from bench.report import Line, Section, milliseconds, summarize
from bench.slash_command import SlashCommands
from cli.operator import OPERATOR
from core.services.access.people import load_person
from core.services.access.tokens import ALL_SCOPES, create_token
from core.services.incidents.opening import NewIncident, open_incident

AT_ONCE = 16  # requests
WARM_UP = 20
SLOWEST = "slowest command"


def measure_busy(place: Place, *, acknowledgements: int) -> Section:
    """Measure `acknowledgements` commands per line, one after the other."""
    token, incident_id = _prepare(place)
    seconds: dict[str, list[float]] = {}
    with running_web(place), SlashCommands(place) as commands:

        def measure() -> list[float]:
            return [commands.run(ONE_STEP)[1] for _ in range(acknowledgements)]

        for _ in range(WARM_UP):
            commands.run(ONE_STEP)
        seconds["no other load"] = measure()
        with _waiting_requests(place, token, incident_id):
            seconds[f"{AT_ONCE} requests wait for a lock"] = measure()
        with _busy_requests(place, token):
            seconds[f"{AT_ONCE} clients read without a pause"] = measure()
        with _silent_redis(place):
            seconds["Redis accepts commands but does not respond"] = measure()
    lines = [Line(name, summarize(milliseconds(each))) for name, each in seconds.items()]
    slowest = max(max(each) for each in seconds.values())
    return Section("Slash command acknowledged while …", [*lines, Line(SLOWEST, summarize([1000 * slowest]))])


def _prepare(place: Place) -> tuple[str, str]:
    """Create a token and another incident, and return the token and the incident's id."""
    with place.unit_of_work.begin() as work:
        token = create_token(work, OPERATOR, PERSON, "bench", scopes=ALL_SCOPES)
        person = load_person(work, PERSON, source="bench")
        return token, open_incident(work, person, NewIncident("Locked", TEAM)).id


@contextmanager
def _waiting_requests(place: Place, token: str, incident_id: str) -> Iterator[None]:
    """Keep requests waiting for a lock during the block; each holds a thread and a connection."""
    url = place.database_url.replace("+psycopg", "")
    path = f"/api/incidents/{incident_id}/escalate"
    with (
        psycopg.connect(url) as connection,
        _clients(place, token) as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        connection.execute("SELECT FROM incidents WHERE id = %s FOR UPDATE", (incident_id,))
        waiting = [pool.submit(client.post, path, json={"severity": "critical"}) for _ in range(AT_ONCE)]
        threading.Event().wait(0.5)
        assert not any(each.done() for each in waiting)
        yield
        connection.rollback()


@contextmanager
def _busy_requests(place: Place, token: str) -> Iterator[None]:
    over = threading.Event()

    def read(client: httpx2.Client) -> None:
        while not over.is_set():
            client.get("/api/runbooks", params={"limit": 100}).raise_for_status()

    with _clients(place, token) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        reading = [pool.submit(read, client) for _ in range(AT_ONCE)]
        try:
            yield
        finally:
            over.set()
        for each in reading:
            each.result()


def _clients(place: Place, token: str) -> httpx2.Client:
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{place.environment['PORT']}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=120,
        trust_env=False,
    )


@contextmanager
def _silent_redis(place: Place) -> Iterator[None]:
    server = int(place.composition.redis.info("server")["process_id"])
    os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server, signal.SIGCONT)
