"""More runbooks of examples/library, whole: against real Valkeys, and a Patroni played from its documentation."""

import sys
from pathlib import Path

import pytest
from redis import Redis

from core.statuses import Status
from tests.integration.core.remote.databases import Database
from tests.integration.core.remote.library import LibraryRun
from tests.integration.core.world import CoreWorld
from tests.integration.workers.redis_servers import Start
from tests.integration.workers.redis_servers import start as start
from tests.systems.patroni import Patroni
from tests.systems.play import playing
from tests.world import Target

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
    assert run.output("told")["text"] == f"Flush of the shop's cache: {'succeeded' if copes else 'failed'}."


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
