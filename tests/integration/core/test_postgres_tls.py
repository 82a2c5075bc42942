"""PostgreSQL's own TLS: verified by name and authority, or no connection."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from cli.addresses import engine_at
from cli.migrate import migrate
from core.database import open_engine
from core.settings import Settings
from migrations.newest import newest_revision
from tests.servers.postgres import SecurePostgres, running_secure_postgres

ENCRYPTED = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")


@pytest.fixture(scope="module")
def secure() -> Iterator[SecurePostgres]:
    with running_secure_postgres() as server:
        yield server


def test_a_schema_is_made_through_a_verified_connection(secure: SecurePostgres) -> None:
    url = secure.url(sslmode="verify-full", sslrootcert=str(secure.authority))
    migrate(Settings(DATABASE_URL=url, DATABASE_OWNER_URL=url))
    engine = engine_at("DATABASE_URL", url)
    with engine.connect() as connection:
        assert connection.scalar(ENCRYPTED) is True
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == newest_revision()
    engine.dispose()


def test_of_several_hosts_the_one_that_answers_is_verified_too(secure: SecurePostgres) -> None:
    url = secure.url(sslmode="verify-full", sslrootcert=str(secure.authority))
    engine = engine_at("DATABASE_URL", url.replace("@127.0.0.1:", "@127.0.0.1:1,127.0.0.1:"))
    with engine.connect() as connection:
        assert connection.scalar(ENCRYPTED) is True
    engine.dispose()


@pytest.mark.parametrize(
    ("host", "options", "why"),
    [
        ("localhost", {"sslmode": "verify-full"}, "does not match host name"),
        ("127.0.0.1", {"sslmode": "verify-full", "sslrootcert": "system"}, "certificate"),
        ("127.0.0.1", {"sslmode": "disable"}, "no encryption"),
    ],
)
def test_another_name_another_authority_or_no_tls_is_no_connection(
    secure: SecurePostgres, host: str, options: dict[str, str], why: str
) -> None:
    engine = open_engine(secure.url(host, **{"sslrootcert": str(secure.authority), **options}))
    with pytest.raises(OperationalError, match=why):
        engine.connect()
    engine.dispose()
