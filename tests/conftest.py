"""What all tests share: one embedded PostgreSQL and Valkey a test run, one database and one Redis number a worker."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from cli.embedded import Services, create_database, embedded_services
from core.clock import SystemClock
from core.database import open_engine
from core.decisions.people import Person
from core.service import Ring, Service
from core.tables import Base
from migrations.upgrade import upgrade_database

ADMIN = "U0ADMIN"


@dataclass
class RecordedBells:
    """A doorbell that writes down who rang, and who of them is to go first."""

    rung: list[tuple[str, str]] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    waiting: frozenset[str] = frozenset()

    def ring(self, rings: Sequence[Ring]) -> None:
        self.rung += [(ring.kind, ring.execution_id) for ring in rings]
        self.first += [ring.execution_id for ring in rings if ring.first]

    def unanswered(self) -> frozenset[str]:
        return self.waiting


SHARED_HOME = "RUNBOOK_TEST_HOME"


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers before xdist starts its workers, which reuse them by their home and may end before others."""
    if SHARED_HOME in os.environ or all(path.startswith("tests/unit") for path in session.config.args):
        return
    home = tempfile.mkdtemp(prefix="runbook-test-")
    os.environ[SHARED_HOME] = home
    stack = ExitStack()
    stack.callback(os.environ.pop, SHARED_HOME)
    stack.callback(shutil.rmtree, home, ignore_errors=True)
    stack.enter_context(embedded_services(Path(home)))
    session.config.add_cleanup(stack.close)


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    with embedded_services(Path(os.environ[SHARED_HOME])) as running:
        yield running


@pytest.fixture(scope="session")
def database_url(services: Services, worker_id: str) -> str:
    """A fresh, migrated database of this test worker."""
    url = create_database(services.database_url, f"test_{worker_id}")
    engine = open_engine(url)
    upgrade_database(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def worker_engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url, pool_size=20)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(worker_engine: Engine) -> Engine:
    """The worker's database, with nothing in it.

    The audit trail refuses to be emptied, to the tables' owner too. Its triggers rest under this setting, which only a
    superuser may make, as the tests' role is one: for a role that is none there is no such way.
    """
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with worker_engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return worker_engine


@pytest.fixture
def redis(services: Services, worker_id: str) -> Iterator[Redis]:
    """The worker's own Redis database, with nothing in it."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id != "master" else 0
    with Redis.from_url(services.redis_url, db=number) as connection:
        connection.flushdb()
        yield connection


@pytest.fixture
def recorded_bells() -> RecordedBells:
    return RecordedBells()


@pytest.fixture
def service(engine: Engine, recorded_bells: RecordedBells) -> Service:
    """The core service on a real database, with a doorbell that only records."""
    return Service(engine, SystemClock(), recorded_bells, frozenset({ADMIN}))


@pytest.fixture
def admin() -> Person:
    return Person(ADMIN, is_platform_admin=True, source="test")
