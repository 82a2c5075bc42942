"""The embedded database's two roles: the owner's for migrations, and the service's, which owns nothing."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli.compose import reachable
from cli.embedded import Services, embedded_services
from cli.embedded.roles import connect
from cli.migrate import migrate
from core.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Each test leaves it as it was."""
    with embedded_services(tmp_path_factory.mktemp("home"), redis=False) as services:
        migrate(Settings(DATABASE_URL=services.database_url, DATABASE_OWNER_URL=services.owner_url))
        yield services


WRITE = (
    "INSERT INTO audit_entries (created_at, actor, source, action, subject_id, details)"
    " VALUES (now(), 'U1', 'test', 'x', 'kept', '{}')"
)
KEPT = "SELECT count(*) FROM audit_entries WHERE subject_id = 'kept'"


def kept(url: str) -> int:
    with connect(url) as connection:
        row = connection.execute(KEPT.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_the_services_role_is_no_superuser_and_owns_nothing(migrated: Services) -> None:
    with connect(migrated.database_url) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        owned = connection.execute(
            "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
        ).fetchall()
    assert (role, owned) == ((False,) * 5, [])


@pytest.mark.parametrize(
    "deed",
    [
        "CREATE TABLE mine (a int)",
        "DROP TABLE incidents",
        "TRUNCATE incidents",
        "ALTER TABLE incidents ADD COLUMN b int",
        "COPY incidents TO PROGRAM 'cat'",
        "UPDATE alembic_version SET version_num = '0001'",
        "SELECT pg_read_file('PG_VERSION')",
        "CREATE ROLE other SUPERUSER",
    ],
)
def test_what_the_service_never_does_its_role_may_not(migrated: Services, deed: str) -> None:
    with connect(migrated.database_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(deed.encode())


def test_a_home_of_an_earlier_release_gets_the_role_at_its_next_start_and_loses_nothing(home: Path) -> None:
    """There was one role then, and no password for another."""
    with embedded_services(home, redis=False) as services:
        migrate(Settings(DATABASE_URL=services.owner_url))
        with connect(services.owner_url) as connection:
            connection.execute(WRITE.encode())
            connection.execute("DROP OWNED BY runbook_app")
            connection.execute("DROP ROLE runbook_app")
    (home / "postgres.service.password").unlink()

    with embedded_services(home, redis=False) as services:
        assert kept(services.database_url) == 1
        with connect(services.database_url) as connection:
            connection.execute(WRITE.encode())
        assert kept(services.owner_url) == 2


def test_a_lost_password_of_the_services_role_is_made_anew(home: Path) -> None:
    for _ in range(2):
        with embedded_services(home, redis=False) as services:
            connect(services.database_url).close()
        (home / "postgres.service.password").unlink()


def test_processes_are_given_the_services_role_and_migrations_the_owners(home: Path) -> None:
    with reachable(Settings(RUNBOOK_HOME=home, REDIS_URL="redis://127.0.0.1:9")) as settings:
        assert "://runbook_app:" in str(settings.database_url)
        assert "://runbook:" in str(settings.database_owner_url)


def test_an_owner_of_ones_own_gives_the_services_role_its_rights(migrated: Services) -> None:
    """As for a database that we did not bring: the rights come with every migration."""
    with connect(migrated.owner_url) as connection:
        connection.execute("DROP OWNED BY runbook_app")
        connection.execute("GRANT ALL ON audit_entries TO runbook_app")
    migrate(Settings(DATABASE_URL=migrated.database_url, DATABASE_OWNER_URL=migrated.owner_url))

    assert kept(migrated.database_url) == 0
    with connect(migrated.database_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("TRUNCATE audit_entries")
