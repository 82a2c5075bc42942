"""Runbooks of examples/library, whole, against real servers: only addresses, accounts and folders are replaced."""

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from sqlalchemy.engine import make_url

from core.statuses import Status
from tests.integration.core.remote.common import until
from tests.integration.core.remote.databases import Database
from tests.integration.core.remote.library import LibraryRun
from tests.integration.core.world import CoreWorld
from tests.integration.workers.redis_servers import Start
from tests.integration.workers.redis_servers import start as start
from tests.servers.programs import free_port, ordinary_account
from tests.servers.sshd import Sshd, running_sshd
from tests.systems.patroni import Patroni
from tests.systems.play import playing
from tests.world import Target

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
        asked = "state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
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
        assert query.error is None
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


# Flush a cache after a canary: real Valkeys

PASSWORD = "hunter2-of-the-cache"
VALKEY_CLI = """#!{python}
import os, sys
from redis import Redis
from redis.exceptions import RedisError
_, _, url, *command = sys.argv
try:
    answer = Redis.from_url(url, password=os.environ["REDISCLI_AUTH"]).execute_command(*command)
    print("OK" if answer is True else answer)
except RedisError as error:
    print(error)
"""


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """A PATH with valkey-cli, which the wheel with the server does not bring: it has its options and its exit code."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "valkey-cli").write_text(VALKEY_CLI.format(python=sys.executable))
    (folder / "valkey-cli").chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def share(value: str) -> bytes:
    return f'{{"data": {{"result": [{{"value": [1767225600, "{value}"]}}]}}}}'.encode()


@pytest.mark.parametrize("copes", [True, False], ids=["the shop copes", "the shop does not cope"])
def test_the_other_caches_are_flushed_only_if_the_shop_copes(
    world: CoreWorld, start: Start, programs: str, target: Target, *, copes: bool
) -> None:
    ports = [start() for _ in range(3)]
    caches = [Redis(port=port, password=PASSWORD) for port in ports]
    for port, cache in zip(ports, caches, strict=True):
        Redis(port=port).config_set("requirepass", PASSWORD)
        cache.set("page", "stale")
    run = LibraryRun(world, "web", "flush-cache")
    run.apply_with({f"cache-{at}.internal:6379": f"127.0.0.1:{port}" for at, port in enumerate(ports, 1)})
    run.equip(programs=programs, PROMETHEUS=target.url, CACHE_PASSWORD=PASSWORD)
    target.bodies["/api/v1/query"] = share("0.001")
    run.start()
    assert [cache.dbsize() for cache in caches] == [0, 1, 1]

    target.bodies["/api/v1/query"] = share("0.01" if copes else "0.3")
    for _ in range(5):
        world.pass_by(minutes=1)
    if copes:
        assert "was 0.001, and is 0.01. The other 2 nodes follow" in run.message()
        run.approve()
        for _ in range(4):
            world.pass_by(seconds=61)
    assert [cache.dbsize() for cache in caches] == ([0, 0, 0] if copes else [0, 1, 1])
    assert world.see(run.id).status is (Status.SUCCEEDED if copes else Status.FAILED), run.error()
    assert (
        run.output("told")["text"] == f"The flush of the shop's cache {'succeeded' if copes else 'failed'}."
    )


# Fail PostgreSQL over: Patroni played from its documentation, and the embedded PostgreSQL as the new primary


@pytest.mark.parametrize("leader", ["pg-1", None], ids=["switchover", "failover"])
def test_the_replica_that_was_chosen_becomes_the_primary(
    world: CoreWorld, postgresql_database: Database, leader: str | None
) -> None:
    with playing(Patroni(leader=leader, basic_auth="cGF0cm9uaTpzZWNyZXQ=")) as patroni:
        run = LibraryRun(world, "database", "postgres-failover")
        run.apply()
        run.equip(
            PATRONI_API=patroni.url, PATRONI_BASIC_AUTH=patroni.basic_auth, ORDERS_DB=postgresql_database.url
        )
        run.start()
        run.enter(replica="pg-2")
        assert "pg-2 becomes the primary." in run.message()
        assert patroni.paths("POST") == []
        run.approve()
        for _ in range(5):
            world.pass_by(seconds=3)

        assert world.see(run.id).status is Status.SUCCEEDED, run.error()
        assert patroni.leader == "pg-2"
        assert patroni.paths("POST") == ["/switchover" if leader else "/failover"]
        assert "pg-2 (leader, running)" in str(run.output("told")["text"])
