"""Runbooks of examples/library, whole, against real servers: only addresses, accounts and folders are replaced."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from core.statuses import Status
from tests.integration.core.remote.common import until
from tests.integration.core.remote.databases import Database
from tests.integration.core.remote.library import LibraryRun
from tests.integration.core.world import CoreWorld
from tests.servers.programs import free_port, ordinary_account
from tests.servers.sshd import Sshd, running_sshd

# Kill long queries: a real query in the embedded PostgreSQL

OBEYS = "SELECT pg_sleep(60)"
DISOBEYS = """
DO $$ BEGIN
  LOOP
    BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END;
  END LOOP;
END $$
"""


class LongQuery:
    """A query in a session of its own. `error`: how it ended."""

    def __init__(self, database: Database, statement: str) -> None:
        self._database, self._statement = database, statement
        self.error: psycopg.Error | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        until(self.is_long, "the query to be a second old")

    def _run(self) -> None:
        with psycopg.connect(self._database.url, autocommit=True) as connection:
            try:
                connection.execute(self._statement.encode())
            except psycopg.Error as error:
                self.error = error

    def is_long(self) -> bool:
        here = "datname = current_database() AND pid <> pg_backend_pid()"
        asked = f"{here} AND state = 'active' AND query LIKE '%pg_sleep(60)%'"
        older = "now() - query_start > interval '1.1 s'"
        return bool(self._database.query(f"SELECT 1 FROM pg_stat_activity WHERE {asked} AND {older}"))

    def join(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()


def kill_long_queries(world: CoreWorld, database: Database) -> LibraryRun:
    """The run, when it waits for its approval."""
    run = LibraryRun(world, "database", "kill-long-queries")
    run.apply()
    run.equip(POSTGRES_ADMIN=database.url)
    run.start(database=make_url(database.url).database, seconds=1)
    return run


def test_a_long_query_is_cancelled_and_others_are_not(
    world: CoreWorld, postgresql_database: Database
) -> None:
    with psycopg.connect(postgresql_database.url, autocommit=True) as bystander:
        bystander.execute("SELECT 1")
        query = LongQuery(postgresql_database, OBEYS)
        run = kill_long_queries(world, postgresql_database)
        assert "SELECT pg_sleep(60)" in run.message()
        assert query.is_long()
        run.approve()
        query.join()
        world.pass_by(seconds=3)

        assert isinstance(query.error, psycopg.errors.QueryCanceled)
        assert world.see(run.id).status is Status.SUCCEEDED, run.error()
        assert run.steps()["terminate"] == "skipped"
        assert bystander.execute("SELECT 1").fetchone() == (1,)


def test_a_query_that_does_not_obey_loses_its_connection(
    world: CoreWorld, postgresql_database: Database
) -> None:
    query = LongQuery(postgresql_database, DISOBEYS)
    run = kill_long_queries(world, postgresql_database)
    run.approve()
    for _ in range(12):
        world.pass_by(seconds=2)
    query.join()
    for _ in range(3):
        world.pass_by(seconds=2)

    assert isinstance(query.error, psycopg.errors.AdminShutdown)
    assert world.see(run.id).status is Status.SUCCEEDED, run.error()
    assert (run.steps()["obeyed"], run.steps()["terminate"]) == ("failed", "succeeded")


# Clear disk space: real files, on two hosts


@pytest.fixture
def hosts() -> Iterator[list[tuple[Sshd, Path]]]:
    """Two hosts with a folder of logs each, at the same port of two addresses of this machine."""
    account, port = ordinary_account(), free_port()
    home = Path(tempfile.mkdtemp(prefix="runbook-hosts-"))
    home.chmod(0o755)
    folders = [home / "one", home / "two"]
    for folder in folders:
        for name in ("logs", "logs/old"):
            (folder / name).mkdir(parents=True)
            shutil.chown(folder / name, account.pw_uid, account.pw_gid)
        fill(folder / "logs")
    try:
        with (
            running_sshd(account, address="127.0.0.1", port=port, folder=folders[0]) as one,
            running_sshd(account, address="127.0.0.2", port=port, folder=folders[1]) as two,
        ):
            yield list(zip([one, two], folders, strict=True))
    finally:
        shutil.rmtree(home)


OLD, RECENT, OTHER = "old/access.log.9.gz", "access.log.1.gz", "access.log"


def fill(logs: Path) -> None:
    for name, days in ((OLD, 20), ("access.log.8.gz", 15.5), (RECENT, 1), (OTHER, 30)):
        (logs / name).write_bytes(b"x" * 1_048_576)
        then = time.time() - days * 86_400
        os.utime(logs / name, (then, then))


def clear_disk_space(world: CoreWorld, hosts: list[tuple[Sshd, Path]]) -> LibraryRun:
    run = LibraryRun(world, "platform", "clear-disk-space")
    first = hosts[0][0]
    run.apply_with(
        {
            '["web-1.internal", "web-2.internal", "web-3.internal"]': '["127.0.0.1", "127.0.0.2"]',
            "/var/log/nginx": "logs",
            "user: logs": f"user: {first.user}\n        port: {first.port}",
        }
    )
    return run


def test_old_logs_are_deleted_on_each_host(world: CoreWorld, hosts: list[tuple[Sshd, Path]]) -> None:
    run = clear_disk_space(world, hosts)
    equip_with_keys(run, hosts)
    run.start(group="web")
    for address in ("127.0.0.1", "127.0.0.2"):
        assert f"{address}: 2 files, 2 MB" in run.message()
    assert all((folder / "logs" / OLD).exists() for _, folder in hosts)
    run.approve()

    assert world.see(run.id).status is Status.SUCCEEDED, run.error()
    for _, folder in hosts:
        assert sorted(path.name for path in (folder / "logs").rglob("*") if path.is_file()) == [OTHER, RECENT]
    assert "127.0.0.2 is " in str(run.output("told")["text"])


def test_a_host_that_refuses_us_does_not_keep_the_other_from_being_cleared(
    world: CoreWorld, hosts: list[tuple[Sshd, Path]]
) -> None:
    run = clear_disk_space(world, hosts)
    equip_with_keys(run, hosts, known=hosts[:1])
    run.start(group="web")
    world.pass_by(seconds=5)
    assert "127.0.0.1: 2 files, 2 MB; 127.0.0.2: could not be looked at." in run.message()
    run.approve()

    assert world.see(run.id).status is Status.SUCCEEDED, run.error()
    assert [(folder / "logs" / OLD).exists() for _, folder in hosts] == [False, True]


def equip_with_keys(
    run: LibraryRun, hosts: list[tuple[Sshd, Path]], known: list[tuple[Sshd, Path]] | None = None
) -> None:
    """The hosts let the same key in. `known`: the hosts whose keys are known, if not all."""
    first, second = (sshd for sshd, _ in hosts)
    shutil.copy(first.log.parent / "authorized_keys", second.log.parent / "authorized_keys")
    run.equip(KNOWN_HOSTS="".join(sshd.known_hosts for sshd, _ in known or hosts), SSH_KEY=first.key)
