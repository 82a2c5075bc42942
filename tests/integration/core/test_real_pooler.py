"""A real PgBouncer before the database: pools of sessions and of transactions, TLS, and several hosts in one URL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.poster.poster import listening
from cli.addresses import engine_at
from cli.startup_checks import begin
from core.clock import DatabaseClock
from core.database import open_engine
from core.errors import ConfigurationError
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import ADMIN, RecordedJobs
from tests.integration.core.world import CoreWorld
from tests.servers.pgbouncer import PgBouncer, running_pgbouncer
from tests.world import new_executor, see, start_run, work_off

STEPS = "- {id: say, type: message, text: hello}"


def works(url: str, world: CoreWorld) -> None:
    """A process begins there, hears of notices, and runs a runbook to its end."""
    world.begin(STEPS)
    engine, jobs = engine_at("DATABASE_URL", url), RecordedJobs()
    unit_of_work = UnitOfWorkFactory(engine, DatabaseClock(engine), jobs, frozenset({ADMIN}))
    try:
        begin(unit_of_work)
        with listening(engine) as connection:
            connection.execute("NOTIFY nobody")
        run = start_run(unit_of_work, world.incident, "tried")
        work_off(unit_of_work, new_executor(unit_of_work), jobs.enqueued)
        assert see(unit_of_work, run).status == "succeeded"
    finally:
        engine.dispose()


def test_a_pool_of_sessions_serves(database_url: str, world: CoreWorld) -> None:
    with running_pgbouncer(database_url, "session") as pooler:
        works(pooler.url, world)


def test_a_pool_of_transactions_is_refused_with_a_sentence(database_url: str, world: CoreWorld) -> None:
    with (
        running_pgbouncer(database_url, "transaction") as pooler,
        pytest.raises(ConfigurationError, match=r"Set pool_mode = session there") as refused,
    ):
        works(pooler.url, world)
    assert "pool_mode = transaction" in refused.value.message


@pytest.fixture(scope="module")
def secure(database_url: str) -> Iterator[PgBouncer]:
    with running_pgbouncer(database_url, "session", tls=True) as pooler:
        yield pooler


def test_tls_with_a_verified_name_serves(secure: PgBouncer, world: CoreWorld) -> None:
    works(secure.with_options(sslmode="verify-full", sslrootcert=str(secure.authority)), world)


@pytest.mark.parametrize(
    ("host", "options", "why"),
    [
        ("localhost", {"sslmode": "verify-full"}, "does not match host name"),
        ("127.0.0.1", {"sslmode": "verify-full", "sslrootcert": "system"}, "certificate"),
        ("127.0.0.1", {"sslmode": "disable"}, "SSL required"),
    ],
)
def test_another_name_another_authority_or_no_tls_is_no_connection(
    secure: PgBouncer, host: str, options: dict[str, str], why: str
) -> None:
    known = {"sslrootcert": str(secure.authority)} if "sslrootcert" not in options else {}
    engine = open_engine(secure.with_options(host, **known, **options))
    with pytest.raises(OperationalError, match=why):
        engine.connect()
    engine.dispose()


def test_of_several_hosts_with_tls_the_one_that_is_there_is_used(secure: PgBouncer) -> None:
    query = f"sslmode=verify-full&sslrootcert={secure.authority}"
    account, _, rest = secure.url.partition("@")
    name = rest.rpartition("/")[2]
    engine = engine_at("DATABASE_URL", f"{account}@127.0.0.1:1,127.0.0.1:{secure.port}/{name}?{query}")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == name
    engine.dispose()
