"""Debian's own MariaDB, in a folder of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql
from pymysql.constants import CLIENT
from pymysql.cursors import Cursor

from tests.servers.programs import FOLDERS, free_port, ordinary_account, program, running

SETUP = """
CREATE DATABASE shop;
CREATE USER 'app'@'127.0.0.1' IDENTIFIED BY 'app-password-1';
GRANT ALL ON shop.* TO 'app'@'127.0.0.1';
"""


@dataclass(frozen=True)
class Mariadb:
    """`port`: on 127.0.0.1, where user `app` has the database `shop`."""

    port: int

    def url(self, port: int | None = None) -> str:
        return f"mariadb://app:app-password-1@127.0.0.1:{port or self.port}/shop"

    def all(self, statement: str) -> list[tuple[object, ...]]:
        """The rows of a statement, read past the step."""
        with self._connected("app", "app-password-1") as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            connection.commit()
            return list(cursor.fetchall())

    @contextmanager
    def _connected(self, user: str, password: str) -> "Iterator[pymysql.Connection[Cursor]]":
        connection = pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            password=password,
            database="shop",
            client_flag=CLIENT.MULTI_STATEMENTS,
        )
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def running_mariadb() -> Iterator[Mariadb]:
    """A server for the length of the block."""
    server, account = program("mariadbd"), ordinary_account()
    home = Path(
        tempfile.mkdtemp(prefix="runbook-mariadb-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    )
    try:
        (home / "setup.sql").write_text(SETUP, "ascii")
        if os.geteuid() == 0:
            os.chown(home, account.pw_uid, account.pw_gid)
        _install(home, account.pw_name)
        port = free_port()
        with running(
            [server, *_options(home), f"--port={port}", f"--init-file={home}/setup.sql"],
            account=account,
            log=f"{home}/log",
            is_up=lambda: _lets_in(port),
        ):
            yield Mariadb(port)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _options(home: Path) -> list[str]:
    return [
        "--no-defaults",
        f"--datadir={home}/data",
        f"--socket={home}/socket",
        f"--pid-file={home}/pid",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=16M",
        "--innodb-log-file-size=8M",
        "--performance-schema=OFF",
    ]


def _install(home: Path, user: str) -> None:
    done = subprocess.run(
        [
            program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={home}/data",
            f"--user={user}",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ],
        env={"PATH": FOLDERS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _lets_in(port: int) -> bool:
    try:
        Mariadb(port).all("SELECT 1")
    except pymysql.MySQLError:
        return False
    return True
