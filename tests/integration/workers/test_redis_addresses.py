"""Redis by its address, and by that of the sentinels which know where it is at the moment."""

import pytest
from redis.exceptions import RedisError

from core.unit_of_work import JobRequest
from tests.integration.workers.redis_servers import SecureRedis, Start, until
from tests.integration.workers.redis_servers import secure as secure
from tests.integration.workers.redis_servers import start as start
from workers.job_queue import RqJobQueue, open_redis
from workers.redis_addresses import connect_redis
from workers.worker import open_patient_redis


def test_rings_and_workers_find_the_server_that_the_sentinels_name(start: Start) -> None:
    port = start()
    sentinel = start("--sentinel", f"sentinel monitor main 127.0.0.1 {port} 1")
    url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel}/main/2"

    RqJobQueue(open_redis(url)).enqueue([JobRequest("runbook", "rbx_1")])

    assert RqJobQueue(open_patient_redis(url)).queued() == {"rbx_1"}
    assert RqJobQueue(open_redis(f"redis://127.0.0.1:{port}/2")).queued() == {"rbx_1"}


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://one,two",
        "redis+sentinel:///main",
        "redis+sentinel://one:x/main",
        "redis+sentinel://one/main/two",
        "redis://one:6379,two:6379/0",
        "redis+cluster://one/0",
    ],
)
def test_an_address_that_is_none_is_refused_before_anybody_connects(url: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)sentinel|port|schemes"):
        connect_redis(url)


@pytest.mark.parametrize("service", ["main", "another"])
def test_sentinels_that_cannot_help_say_so_in_a_sentence(start: Start, service: str) -> None:
    sentinel = start("--sentinel", "sentinel monitor third 127.0.0.1 1 1")
    with pytest.raises(RedisError) as raised:
        open_redis(f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel}/{service}").ping()
    said = str(raised.value)
    assert said == f"no sentinel answers with a server that accepts writes for '{service}'"


def test_tls_and_an_account_of_the_server_and_of_its_sentinels(secure: SecureRedis) -> None:
    trust = f"ssl_ca_certs={secure.authority}"
    alone = f"rediss://runbook:pass-1@127.0.0.1:{secure.port}/0?{trust}"
    account = "sentinel_username=runbook&sentinel_password=pass-2"
    watched = f"rediss+sentinel://runbook:pass-1@127.0.0.1:{secure.sentinel}/main/0?{account}&{trust}"
    until(lambda: bool(open_redis(alone).ping()))
    until(lambda: bool(open_redis(watched).ping()))

    RqJobQueue(open_redis(watched)).enqueue([JobRequest("runbook", "rbx_1")])
    assert RqJobQueue(open_patient_redis(alone)).queued() == {"rbx_1"}

    for wrong in (
        alone.replace("pass-1", "pass-3"),  # another password
        alone.partition("?")[0],  # an authority that nobody here trusts
        alone.replace("rediss://", "redis://").partition("?")[0],  # no TLS
        watched.replace("pass-2", "pass-3"),
        watched.replace(f"&{trust}", ""),
    ):
        with pytest.raises(RedisError):
            open_redis(wrong).ping()
