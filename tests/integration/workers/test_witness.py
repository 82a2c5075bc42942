"""The witness: Redis remembers how far the database was seen to come, and this process where Redis does not."""

import pytest
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeout

from core.decisions.installation import DatabaseChange
from core.services.operations.restore import settle, settle_and_mark
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from workers.witness import KEY, QUIET, RedisWitness


class SilentRedis(Redis):
    """Takes the question, and never answers."""

    asked = 0

    def execute_command(self, *_args: object, **_options: object) -> object:
        self.asked += 1
        raise RedisTimeout


def test_another_process_recalls_what_was_remembered(redis: Redis) -> None:
    RedisWitness(redis).remember("line", 7)

    assert RedisWitness(redis).recall("line") == 7
    assert RedisWitness(redis).recall("another") is None


def test_where_redis_forgot_the_process_itself_knows(redis: Redis) -> None:
    witness = RedisWitness(redis)
    witness.remember("line", 7)
    redis.flushdb()

    assert witness.recall("line") == 7
    assert RedisWitness(redis).recall("line") is None


@pytest.mark.parametrize("rubbish", [b"", b"\xff", b"-1", b"seven"])
def test_what_is_no_number_is_no_mark(redis: Redis, rubbish: bytes) -> None:
    redis.set(KEY + "line", rubbish)

    assert RedisWitness(redis).recall("line") is None


def test_a_redis_that_is_silent_is_left_alone_for_a_while() -> None:
    silent, time = SilentRedis(), [0.0]
    witness = RedisWitness(silent, lambda: time[0])
    for _ in range(5):
        witness.remember("line", 7)
        assert witness.recall("line") == 7
    assert silent.asked == 1

    time[0] = QUIET
    witness.recall("line")
    assert silent.asked == 2


def test_the_clock_has_the_mark_remembered_and_a_database_behind_it_is_recognised(
    unit_of_work: UnitOfWorkFactory, redis: Redis, recorded_jobs: RecordedJobs
) -> None:
    unit_of_work = UnitOfWorkFactory(
        unit_of_work.engine, unit_of_work.clock, recorded_jobs, witness=RedisWitness(redis)
    )
    for _ in range(3):
        settle_and_mark(unit_of_work)
    assert settle(unit_of_work) is DatabaseChange.NOTHING
    with unit_of_work.begin() as work:
        work.session.connection().exec_driver_sql("UPDATE installation SET mark = 2")

    fresh = UnitOfWorkFactory(
        unit_of_work.engine, unit_of_work.clock, recorded_jobs, witness=RedisWitness(redis)
    )
    assert settle(fresh) is DatabaseChange.SET_BACK
