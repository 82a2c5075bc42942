"""What all tests share: one embedded PostgreSQL and Valkey a test run, one database and one Redis number a worker."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import freezegun
import pytest
import structlog
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, settings
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from chaos.forkserver_client import Forkserver
from cli.embedded import Services, create_database, embedded_services
from cli.migrate import migrate
from core.clock import SystemClock
from core.database import open_engine
from core.decisions.people import Person
from core.settings import Settings
from core.unit_of_work import JobRequest, UnitOfWorkFactory
from tests.forkserver import running_forkserver
from tests.snapshots import TABLES, Snapshots

# How long examples take to make says something about the machine, and nothing about the product.
settings.register_profile("here", max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")

ADMIN = "U0ADMIN"


@dataclass
class RecordedJobs:
    """A job queue that records what was enqueued, and what is to go first."""

    enqueued: list[tuple[str, str]] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    waiting: frozenset[str] = frozenset()

    def enqueue(self, jobs: Sequence[JobRequest]) -> None:
        self.enqueued += [(enqueue.kind, enqueue.execution_id) for enqueue in jobs]
        self.first += [enqueue.execution_id for enqueue in jobs if enqueue.first]

    def queued(self) -> frozenset[str]:
        return self.waiting


SHARED_HOME = "RUNBOOK_TEST_HOME"


# What pytest measures is real time, also while a test has stopped the clock.
freezegun.configure(extend_ignore_list=["_pytest.timing", "xdist"])

# structlog's own default renders each frame's variables into a traceback: seconds for one error of a database.
structlog.configure(
    [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """More than cores where those are few: tests mostly wait, but for unit tests. The server takes 200 connections."""
    cores = len(os.sched_getaffinity(0))
    if _are_unit_tests(config):
        return cores
    return max(cores, min(2 * cores, 8))


def _are_unit_tests(config: pytest.Config) -> bool:
    return all(path.startswith("tests/unit") for path in config.args)


def _in_memory() -> str | None:
    """Where a commit does not wait for a disk, if there is room; what tests prove of commits, other processes see."""
    shared = Path("/dev/shm")
    has_room = os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 2 * 1024**3
    return str(shared) if has_room else None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers before xdist starts its workers, which reuse them by their home and may end before others."""
    if SHARED_HOME in os.environ or _are_unit_tests(session.config) or session.config.option.collectonly:
        return
    home = tempfile.mkdtemp(prefix="runbook-test-", dir=_in_memory())
    os.environ[SHARED_HOME] = home
    stack = ExitStack()
    stack.callback(os.environ.pop, SHARED_HOME)
    stack.callback(shutil.rmtree, home, ignore_errors=True)
    stack.enter_context(embedded_services(Path(home)))
    session.config.add_cleanup(stack.close)


os.umask(0o022)  # servers that run as other accounts read what tests write, also where a shell says otherwise
gc.disable()  # while everything is imported and collected


def pytest_collection_finish() -> None:
    """What was imported and collected stays: no garbage collection looks at it again."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    with embedded_services(Path(os.environ[SHARED_HOME])) as running:
        yield running


@pytest.fixture(scope="session")
def owner_url(services: Services, worker_id: str) -> str:
    """The worker's database as its owner."""
    url = create_database(services.owner_url, f"test_{worker_id}")
    migrate(Settings(DATABASE_URL=services.database_url, DATABASE_OWNER_URL=url))
    return url


@pytest.fixture(scope="session")
def database_url(services: Services, owner_url: str) -> str:
    """A fresh, migrated database of this test worker, as the service has it: neither superuser nor owner."""
    url = make_url(services.database_url).set(database=make_url(owner_url).database)
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def owner_engine(owner_url: str) -> Iterator[Engine]:
    """As the owner, who is a superuser: for what only such a one may do."""
    engine = open_engine(owner_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def worker_engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url, pool_size=20)
    yield engine
    engine.dispose()


# TRUNCATE makes new files for each of the tables and their indexes, a third of a second a test: nearly all are empty.
EMPTY = """
DO $$
DECLARE name text; is_used boolean;
BEGIN
  FOREACH name IN ARRAY string_to_array('{tables}', ' ') LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO is_used;
    IF is_used THEN EXECUTE format('DELETE FROM %I', name); END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
""".replace("{tables}", " ".join(TABLES))


@pytest.fixture
def engine(worker_engine: Engine, owner_engine: Engine) -> Engine:
    """The worker's database as the service's role has it, with nothing in it.

    The audit trail refuses to be emptied, to the tables' owner too. Its triggers rest under this setting, which only a
    superuser may make, as the embedded owner is one: for the service's role there is no such way.
    """
    with owner_engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.exec_driver_sql(EMPTY.replace("%", "%%"))
    return worker_engine


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread, for applications that tests ask directly."""
    with start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture(scope="session")
def forkserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forkserver]:
    with running_forkserver(tmp_path_factory.mktemp("forkserver")) as running:
        yield running


@pytest.fixture(scope="session")
def snapshots(owner_engine: Engine) -> Snapshots:
    return Snapshots(owner_engine)


@pytest.fixture
def redis(services: Services, worker_id: str) -> Iterator[Redis]:
    """The worker's own Redis database, with nothing in it."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id != "master" else 0
    with Redis.from_url(services.redis_url, db=number) as connection:
        connection.flushdb()
        yield connection


@pytest.fixture
def recorded_jobs() -> RecordedJobs:
    return RecordedJobs()


@pytest.fixture
def unit_of_work(engine: Engine, recorded_jobs: RecordedJobs) -> UnitOfWorkFactory:
    """The core service on a real database, with a job queue that only records."""
    return UnitOfWorkFactory(engine, SystemClock(), recorded_jobs, frozenset({ADMIN}))


@pytest.fixture
def admin() -> Person:
    return Person(ADMIN, is_platform_admin=True, source="test")
