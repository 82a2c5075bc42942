"""Connections to an embedded PostgreSQL, and further databases in it."""

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url


def connect(url: str, database: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
    """An autocommitting connection to the URL's server, to `database` instead of the URL's where it is given.

    Raises psycopg.OperationalError where there is no such server.
    """
    parsed = make_url(url)
    options = parsed.translate_connect_args(username="user", database="dbname") | dict(parsed.query)
    if database is not None:
        options["dbname"] = database
    return psycopg.connect(**options, autocommit=True, connect_timeout=5)


def create_database(services_url: str, name: str, template: str | None = None) -> str:
    """Make a database beside the URL's, as a copy of `template` where that is given.

    Answers its SQLAlchemy URL. Nobody may be connected to the template.
    Raises psycopg.errors.DuplicateDatabase where the name is taken.
    """
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with connect(services_url, database="postgres") as connection:
        connection.execute(statement)
    address, mark, query = make_url(services_url).set(database=name).render_as_string(False).partition("?")
    return address + mark + query.replace("+", "%20")  # PostgreSQL's own tools take a plus for a plus


def ensure_database(url: str) -> None:
    """Make the database that the URL names unless it is there."""
    name = make_url(url).database
    assert name is not None
    with connect(url, database="postgres") as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
    if found is None:
        create_database(url, name)
