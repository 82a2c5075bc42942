"""How a worker is told to stop: whatever is in its hands, and whatever is away."""

import os
import signal
import threading

import pytest
from redis import Redis
from rq.exceptions import StopRequested
from rq.worker import SimpleWorker

from workers import shutdown as workers_ending
from workers.shutdown import Shutdown
from workers.worker import build_worker

AWAY = Redis.from_url("redis://127.0.0.1:1/0")


class Recorded:
    """An ending, and how often it hurried."""

    def __init__(self) -> None:
        self.hurried = 0
        self.was_hurried = threading.Event()
        self.shutdown = Shutdown(threading.Event(), self._hurry)

    def _hurry(self) -> None:
        self.hurried += 1
        self.was_hurried.set()


def test_it_is_hurried_when_its_grace_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_ending, "GRACE_SECONDS", 0.2)
    recorded = Recorded()
    recorded.shutdown.begin()
    assert recorded.shutdown.stopping.is_set()
    assert recorded.was_hurried.wait(10)
    monkeypatch.undo()
    assert workers_ending.GRACE_SECONDS < 10


def test_who_is_told_twice_hurries_at_once() -> None:
    recorded = Recorded()
    recorded.shutdown.begin()
    assert recorded.hurried == 0
    recorded.shutdown.begin()
    assert recorded.hurried == 1


def test_a_signal_ends_a_worker_that_listens(redis: Redis) -> None:
    recorded = Recorded()
    with pytest.raises(StopRequested):
        build_worker(redis, recorded.shutdown).request_stop(signal.SIGTERM, None)
    assert recorded.shutdown.stopping.is_set()


def test_a_signal_interrupts_no_run_though_redis_is_away(redis: Redis) -> None:
    """RQ's own way writes to Redis in the handler: its error would end the step in the midst of it."""
    recorded = Recorded()
    worker = build_worker(redis, recorded.shutdown)
    worker.connection, worker.is_running = AWAY, True
    worker.request_stop(signal.SIGTERM, None)
    assert recorded.shutdown.stopping.is_set()
    assert worker._stop_requested, "it takes no other job"


def test_by_signal_it_is_told_and_nothing_is_interrupted() -> None:
    recorded, former = Recorded(), signal.getsignal(signal.SIGTERM)
    with recorded.shutdown.by_signal():
        os.kill(os.getpid(), signal.SIGTERM)
        assert recorded.shutdown.stopping.wait(5)
    assert signal.getsignal(signal.SIGTERM) is former


def test_what_is_worked_on_meanwhile_is_interrupted_by_no_signal_either(redis: Redis) -> None:
    """A run is in the worker's hands then, too; once it is over the worker ends."""
    recorded, done = Recorded(), list[str]()

    def meanwhile() -> None:
        worker.request_stop(signal.SIGTERM, None)
        done.append("the run")

    worker = build_worker(redis, recorded.shutdown, meanwhile)
    worker.connection = AWAY
    with pytest.raises(StopRequested):
        worker.heartbeat()
    assert done == ["the run"]
    assert not worker.is_running


def test_rq_asks_for_a_heartbeat_before_it_listens() -> None:
    """By which our worker hears that Redis is away."""
    assert "heartbeat" in SimpleWorker.dequeue_job_and_maintain_ttl.__code__.co_names
