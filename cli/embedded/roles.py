"""The roles of the embedded database: `runbook` owns it and migrates, `runbook_app` is the service's."""

from psycopg import sql
from sqlalchemy.engine import make_url

from cli.embedded.databases import connect
from cli.embedded.files import Files, kept_password
from core.database import open_engine
from migrations.grants import grant_service

SERVICE_ROLE = "runbook_app"
RIGHTS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def service_password(files: Files) -> str:
    """Kept beside the owner's; a lost one is made anew, and set at the server's next start."""
    return kept_password(files.home / f"{files.name}.service.password")


def as_service(owner_url: str, password: str) -> str:
    """The same database's address for the service's role."""
    owner = make_url(owner_url)
    owners = f"{owner.username}:{owner.password}@"
    assert owners in owner_url, "embedded passwords need no quoting"
    return owner_url.replace(owners, f"{SERVICE_ROLE}:{password}@", 1)


def ensure_service_role(owner_url: str, password: str) -> None:
    """Make the role, or give it this password, and its rights on what tables there are already."""
    with connect(owner_url) as connection:
        found = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [SERVICE_ROLE]).fetchone()
        change = "CREATE" if found is None else "ALTER"
        role = sql.Identifier(SERVICE_ROLE)
        connection.execute(
            sql.SQL("{} ROLE {} WITH {} PASSWORD {}").format(
                sql.SQL(change), role, sql.SQL(RIGHTS), sql.Literal(password)
            )
        )
    engine = open_engine(owner_url)
    with engine.begin() as transaction:
        grant_service(transaction, SERVICE_ROLE)
    engine.dispose()
