"""Debian's own PostgreSQL with TLS, which the packaged one is built without."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import URL

from tests.servers.certificates import certificates
from tests.servers.programs import FOLDERS, free_port, ordinary_account, program, running

PROGRAMS = "/usr/lib/postgresql"
PASSWORD = "owner-password-1"
RULES = "hostssl all all 127.0.0.1/32 scram-sha-256\nhostnossl all all 127.0.0.1/32 reject\n"


@dataclass(frozen=True)
class SecurePostgres:
    """`authority`: the file of who signed the server's certificate, which is for 127.0.0.1."""

    port: int
    authority: Path

    def url(self, host: str = "127.0.0.1", **options: str) -> str:
        url = URL.create("postgresql", "owner", PASSWORD, host, self.port, "postgres", query=options)
        return url.render_as_string(hide_password=False)


@contextmanager
def running_secure_postgres() -> Iterator[SecurePostgres]:
    """A server for the length of the block, which takes connections by TLS alone."""
    folder, account = _newest(), ordinary_account()
    home, port = Path(tempfile.mkdtemp(prefix="runbook-postgres-")), free_port()
    try:
        pair = certificates()
        files = {
            "password": PASSWORD,
            "rules": RULES,
            "server.pem": pair.server.certificate,
            "server.key": pair.server.key,
            "authority.pem": pair.authority.certificate,
        }
        for name, content in files.items():
            (home / name).write_text(content, "ascii")
            (home / name).chmod(0o600)
        if os.geteuid() == 0:
            for path in (home, *home.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)
        _initialise(folder, home, account.pw_uid)
        command = [f"{folder}/postgres", "-D", f"{home}/data", *_options(home, port)]
        server = SecurePostgres(port, home / "authority.pem")
        with running(command, account=account, log=f"{home}/log", is_up=lambda: _lets_in(server)):
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _lets_in(server: SecurePostgres) -> bool:
    """Whether a client may connect: PostgreSQL listens a while before, and says that it is starting up."""
    try:
        psycopg.connect(server.url(sslmode="require"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _newest() -> Path:
    """Return the folder of the newest release's programs."""
    found = sorted(Path(PROGRAMS).glob("*/bin/postgres"))
    if not found:
        pytest.fail(f"There is no {PROGRAMS}/*/bin/postgres. On Debian, as root: apt-get install postgresql")
    return found[-1].parent


def _initialise(folder: Path, home: Path, account: int) -> None:
    command = [f"{folder}/initdb", "-D", f"{home}/data", "-U", "owner", f"--pwfile={home}/password", "-N"]
    switch = [program("setpriv"), f"--reuid={account}", f"--regid={account}", "--clear-groups"]
    done = subprocess.run(
        [*(switch if account != os.geteuid() else ()), *command, "-A", "scram-sha-256"],
        env={"PATH": FOLDERS, "LC_ALL": "C.UTF-8"},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _options(home: Path, port: int) -> Sequence[str]:
    settings = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "ssl": "on",
        "ssl_cert_file": f"{home}/server.pem",
        "ssl_key_file": f"{home}/server.key",
        "hba_file": f"{home}/rules",
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
