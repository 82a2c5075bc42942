"""Debian's own PgBouncer, before the PostgreSQL of the tests."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.servers.certificates import certificates
from tests.servers.programs import answers, free_port, program, running

SETTINGS = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = plain
auth_file = {home}/users
pool_mode = {mode}
max_client_conn = 50
default_pool_size = 10
ignore_startup_parameters = extra_float_digits
client_tls_sslmode = {tls}
client_tls_key_file = {home}/server.key
client_tls_cert_file = {home}/server.pem
"""


@dataclass(frozen=True)
class PgBouncer:
    """`url`: of the database through it. `authority`: the file of who signed its certificate, for 127.0.0.1."""

    url: str
    port: int
    authority: Path

    def with_options(self, host: str = "127.0.0.1", **options: str) -> str:
        url = make_url(self.url).set(host=host, query=options)
        return url.render_as_string(hide_password=False)


def _not_as_root(account: pwd.struct_passwd) -> list[str]:
    """Return what goes before the command where only root reaches the server's socket, as in a folder of root's alone.

    It refuses to run as root. As the server there, it gets another number in a user namespace, and root's rights.
    """
    if account.pw_uid != 0:
        return []
    mapped = ["--user", "--map-user=1000", "--map-group=1000"]
    return [program("unshare"), *mapped, program("setpriv"), "--pdeathsig=KILL"]


@contextmanager
def running_pgbouncer(database_url: str, mode: str, *, tls: bool = False) -> Iterator[PgBouncer]:
    """A pooler for the length of the block, run by who owns the server's socket."""
    server = make_url(database_url)
    folder = str(server.query["host"])
    account = pwd.getpwuid(Path(folder).stat().st_uid)
    home, port = Path(tempfile.mkdtemp(prefix="runbook-pgbouncer-")), free_port()
    try:
        pair = certificates()
        files = {
            "users": f'"{server.username}" "{server.password}"\n',
            "server.pem": pair.server.certificate,
            "server.key": pair.server.key,
            "authority.pem": pair.authority.certificate,
            "ini": SETTINGS.format(
                host=folder,
                port=server.query["port"],
                listen=port,
                home=home,
                mode=mode,
                tls="require" if tls else "disable",
            ),
        }
        for name, content in files.items():
            (home / name).write_text(content, "ascii")
        if os.geteuid() == 0:
            for path in (home, *home.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)
        command = [*_not_as_root(account), program("pgbouncer"), str(home / "ini")]
        with running(command, account=account, log=str(home / "log"), is_up=lambda: answers(port)):
            url = server.set(host="127.0.0.1", port=port, query={})
            yield PgBouncer(url.render_as_string(hide_password=False), port, home / "authority.pem")
    finally:
        shutil.rmtree(home, ignore_errors=True)
