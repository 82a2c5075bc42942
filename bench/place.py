"""The environment of one measurement: a database and a Redis of its own, the definitions, and one open incident."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.definitions import CHANNEL, PERSON, TEAM, documents
from cli.apply import apply_text
from cli.compose import Composition
from cli.demo.stage import port_near
from cli.embedded import create_database, embedded_services
from core.announcing import PAUSE_SECONDS
from core.database import open_engine
from core.services.access.people import load_person
from core.services.incidents.opening import NewIncident, open_incident
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.settings import Settings
from core.tables import Incident
from core.unit_of_work import JobRequest, UnitOfWorkFactory
from migrations.upgrade import upgrade_database

SIGNING_SECRET = "bench-signing-secret"
TEMPLATE = "bench_template"
ANY_PORT = 0


class NullJobQueue:
    """A job queue that drops jobs: the measurement enqueues them itself when it is ready."""

    def enqueue(self, jobs: Sequence[JobRequest]) -> None:
        """Do nothing."""

    def queued(self) -> frozenset[str]:
        return frozenset()


@dataclass(frozen=True)
class Place:
    """The environment of a measurement. `environment`: for child processes. `redis`: closed to stop Redis."""

    folder: Path
    environment: Mapping[str, str]
    composition: Composition
    incident_id: str
    redis: ExitStack

    @property
    def database_url(self) -> str:
        return self.environment["DATABASE_URL"]

    @property
    def unit_of_work(self) -> UnitOfWorkFactory:
        """Like the processes' own, but without enqueueing jobs."""
        return UnitOfWorkFactory(
            self.composition.unit_of_work.engine, self.composition.unit_of_work.clock, NullJobQueue()
        )

    def start(self, runbook: str, count: int) -> list[str]:
        """Create executions and return their ids; no jobs are enqueued for them yet."""
        with self.unit_of_work.begin() as work:
            person = load_person(work, PERSON, source="bench")
            found = find_runbook(work, person, runbook)
            incident = work.session.get_one(Incident, self.incident_id)
            return [start_by_person(work, person, Start(found, incident, {})).id for _ in range(count)]

    def close_connections(self) -> None:
        """Close the database connections of this process, once the last announcement has used one."""
        time.sleep(4 * PAUSE_SECONDS)
        self.composition.unit_of_work.engine.dispose()


def make_template(database_url: str) -> None:
    """Create the migrated database that every place copies, and close all connections to it."""
    engine = open_engine(create_database(database_url, TEMPLATE))
    upgrade_database(engine)
    engine.dispose()


@contextmanager
def open_place(home: Path, services_url: str, name: str, target: str) -> Iterator[Place]:
    """Yield a new place. `services_url`: the database server with the template. `target`: the URL for http steps."""
    folder = home / name
    folder.mkdir()
    with ExitStack() as stack, ExitStack() as redis:
        services = redis.enter_context(embedded_services(folder / "redis", database=False))
        environment = {
            "DATABASE_URL": create_database(services_url, f"bench_{name}", TEMPLATE),
            "REDIS_URL": services.redis_url,
            "RUNBOOK_HOME": str(folder / "home"),
            "SLACK_BOT_TOKEN": "xoxb-bench",
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": "http://127.0.0.1:9/api/",
            "PORT": str(port_near(ANY_PORT)),
            "PUBLIC_URL": "",
            "RUNBOOK_EGRESS": "127.0.0.1",
            "SLACK_TEAM_ID": "T0BENCH",
            "SLACK_APP_ID": "A0BENCH",
            "RUNBOOK_LIMITS": "1000",
            "RUNBOOK_SECRET_TARGET": target,
        }
        composition = stack.enter_context(Composition.of(Settings.from_environment(environment)))
        yield Place(folder, environment, composition, _fill(composition.unit_of_work), redis)


def _fill(unit_of_work: UnitOfWorkFactory) -> str:
    """Apply the definitions, open an incident, and return its id."""
    apply_text(unit_of_work, documents(), "bench", approve=True)
    with unit_of_work.begin() as work:
        person = load_person(work, PERSON, source="bench")
        return open_incident(work, person, NewIncident("Bench", TEAM, slack_channel=CHANNEL)).id
