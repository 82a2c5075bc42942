"""A Redis that takes every question and answers none: who has a person waiting asks it once a second at most."""

import threading
from typing import Any

import pytest
from redis import Redis
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from core.unit_of_work import JobRequest
from workers.breaker import Breaker
from workers.job_queue import QUIET, RqJobQueue, open_queue

JOB = [JobRequest("runbook", "rbx_1")]


class CountingPool(ConnectionPool):
    """Connections that there are none of while `error` is set; it counts how often one was asked for."""

    asked = 0
    error: RedisError | None = None

    def get_connection(self, command_name: str | None = None, *keys: Any, **options: Any) -> Any:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return super().get_connection()


@pytest.fixture
def pool(redis: Redis) -> CountingPool:
    like = redis.connection_pool
    return CountingPool(connection_class=like.connection_class, **like.connection_kwargs)


@pytest.mark.parametrize("error", [RedisTimeout("no answer"), RedisAway("refused")])
def test_a_redis_that_did_not_answer_is_not_rung_at_again_for_a_second(
    pool: CountingPool, error: RedisError
) -> None:
    time = [0.0]
    job_queue = RqJobQueue(Redis(connection_pool=pool), lambda: time[0])
    pool.error = error
    for _ in range(50):
        job_queue.enqueue(JOB)
        assert job_queue.queued() == frozenset()
    assert pool.asked == 1

    time[0] = QUIET - 0.01
    job_queue.enqueue(JOB)
    assert pool.asked == 1

    time[0] = QUIET
    job_queue.enqueue(JOB)
    job_queue.enqueue(JOB)
    assert pool.asked == 2


def test_a_redis_that_answers_again_is_rung_at_for_everybody(pool: CountingPool, redis: Redis) -> None:
    time = [0.0]
    job_queue = RqJobQueue(Redis(connection_pool=pool), lambda: time[0])
    pool.error = RedisTimeout()
    job_queue.enqueue(JOB)
    pool.error = None
    job_queue.enqueue(JOB)
    assert open_queue(redis).count == 0

    time[0] = QUIET
    for _ in range(3):
        job_queue.enqueue(JOB)
    assert open_queue(redis).count == 3
    assert job_queue.queued() == {"rbx_1"}


def test_the_look_at_who_waits_finds_a_broken_redis_too(pool: CountingPool) -> None:
    job_queue = RqJobQueue(Redis(connection_pool=pool), lambda: 0.0)
    pool.error = RedisTimeout()
    job_queue.queued()
    job_queue.enqueue(JOB)
    assert pool.asked == 1


def test_one_thread_alone_tries_what_was_broken() -> None:
    time = [0.0]
    breaker = Breaker(1, lambda: time[0])
    assert breaker.may_try()
    breaker.failed()
    time[0] = 1.0
    start, told = threading.Barrier(16), []

    def ask() -> None:
        start.wait()
        told.append(breaker.may_try())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False] * 15 + [True]

    breaker.succeeded()
    assert [breaker.may_try() for _ in range(3)] == [True] * 3
