"""Dump and restore databases as an operator does, with PostgreSQL's own programs."""

import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from cli.embedded import create_database
from cli.embedded.binaries import postgres_programs


def dump(url: str, file: Path) -> None:
    """Run `pg_dump`, which is consistent while others write. Raises RuntimeError with its error output."""
    _run("pg_dump", "--format=custom", f"--file={file}", libpq(url))


def restore(file: Path, beside: str, name: str) -> str:
    """Run `pg_restore` into a new database on the server of `beside`. Returns its URL, as the owner."""
    url = create_database(beside, name)
    _run("pg_restore", "--exit-on-error", f"--dbname={libpq(url)}", str(file))
    return url


def restore_in_place(file: Path, url: str) -> None:
    """Run `pg_restore --clean`: the tables are dropped and created again."""
    _run("pg_restore", "--clean", "--if-exists", "--exit-on-error", f"--dbname={libpq(url)}", str(file))


def as_role_of(service_url: str, owner_url: str) -> str:
    """Return the URL of the owner's database with the server and role of `service_url`."""
    url = make_url(service_url).set(database=make_url(owner_url).database)
    return url.render_as_string(hide_password=False)


def libpq(url: str) -> str:
    """Return the URL for PostgreSQL's own programs, which do not decode a plus."""
    text = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    address, mark, query = text.partition("?")
    return address + mark + query.replace("+", "%20")


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [postgres_programs() / program, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stderr}")
