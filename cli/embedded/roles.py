"""Roles and databases of the embedded PostgreSQL.

The role `runbook` owns the database and migrates it; the service works as `runbook_app`, which has fewer rights.
"""

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from cli.embedded.files import Files, ensure_password
from core.database import open_engine
from migrations.grants import grant_service

SERVICE_ROLE = "runbook_app"
RIGHTS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def service_password(files: Files) -> str:
    """Return the password of the service's role. A lost one is replaced, and set when the server next starts."""
    return ensure_password(files.home / f"{files.name}.service.password")


def as_service(owner_url: str, password: str) -> str:
    """Return the address of the same database for the service's role."""
    owner = make_url(owner_url)
    owners = f"{owner.username}:{owner.password}@"
    assert owners in owner_url, "embedded passwords need no quoting"
    return owner_url.replace(owners, f"{SERVICE_ROLE}:{password}@", 1)


def ensure_service_role(owner_url: str, password: str) -> None:
    """Create the role or set its password, and grant its rights on the existing tables."""
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


def connect(url: str, database: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
    """Return an autocommit connection to the URL's server; `database` overrides that of the URL.

    Raises psycopg.OperationalError if the connection fails.
    """
    parsed = make_url(url)
    options = parsed.translate_connect_args(username="user", database="dbname") | dict(parsed.query)
    if database is not None:
        options["dbname"] = database
    return psycopg.connect(**options, autocommit=True, connect_timeout=5)


def create_database(services_url: str, name: str, template: str | None = None) -> str:
    """Create a database on the URL's server, as a copy of `template` if given. Returns its SQLAlchemy URL.

    The template must have no connections. Raises psycopg.errors.DuplicateDatabase if the name is taken.
    """
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with connect(services_url, database="postgres") as connection:
        connection.execute(statement)
    address, mark, query = make_url(services_url).set(database=name).render_as_string(False).partition("?")
    return address + mark + query.replace("+", "%20")  # PostgreSQL's own tools do not decode a plus


def ensure_database(url: str) -> None:
    """Create the URL's database unless it exists."""
    name = make_url(url).database
    assert name is not None
    with connect(url, database="postgres") as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
    if found is None:
        create_database(url, name)
