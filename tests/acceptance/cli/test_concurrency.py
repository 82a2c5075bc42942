"""`runbook worker --concurrency N`: N runs at once, none waits behind a slow one; a lost one takes no other along."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine

from cli.embedded import Services
from core.statuses import Status
from core.unit_of_work import JobRequest, UnitOfWorkFactory
from tests.acceptance.cli.processes import Operator, Started
from tests.world import TEAMS, apply_documents, new_incident, see, start_run
from workers.job_queue import RqJobQueue

DOCUMENTS = """
---
kind: runbook
name: slow
steps: [{id: sleep, type: shell, argv: [sleep, "30"]}]
---
kind: runbook
name: quick
steps: [{id: say, type: shell, argv: [echo, hello]}]
"""
PATIENCE = 40.0


@pytest.fixture
def environment(engine: Engine, services: Services, redis: Redis, tmp_path: Path) -> Mapping[str, str]:
    number = redis.connection_pool.connection_kwargs["db"]
    return {
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": f"{services.redis_url}{'&' if '?' in services.redis_url else '?'}db={number}",
        "RUNBOOK_HOME": str(tmp_path),
        "RUNBOOK_SHELL": "on",
        "RUNBOOK_SHELL_USER": str(os.geteuid()),
        "RUNBOOK_LOG": "json",
    }


def until(is_so: Callable[[], bool], worker: Started) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, worker.printed
        time.sleep(0.05)


def begin(unit_of_work: UnitOfWorkFactory, redis: Redis, name: str) -> str:
    run = start_run(unit_of_work, new_incident(unit_of_work), name)
    RqJobQueue(redis).enqueue([JobRequest("runbook", run)])
    return run


def children_of(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def test_quick_runs_do_not_wait_behind_a_slow_one_and_a_stop_hands_over(
    operator: Operator, unit_of_work: UnitOfWorkFactory, redis: Redis, environment: Mapping[str, str]
) -> None:
    apply_documents(unit_of_work, TEAMS + DOCUMENTS)
    with operator.started(environment, "worker", "--concurrency", "2") as worker:
        slow = begin(unit_of_work, redis, "slow")
        until(lambda: see(unit_of_work, slow).status is Status.RUNNING, worker)
        quick = [begin(unit_of_work, redis, "quick") for _ in range(5)]
        until(lambda: all(see(unit_of_work, run).status is Status.SUCCEEDED for run in quick), worker)
        assert see(unit_of_work, slow).status is Status.RUNNING
        hands = children_of(worker.process.pid)
        assert len(hands) == 2
        assert worker.ends() == 0, worker.printed
    assert not any(Path(f"/proc/{pid}").exists() for pid in hands)
    assert (
        see(unit_of_work, slow).steps[0].status is not Status.RUNNING
    )  # told what became of it, and handed over
    assert "Traceback" not in worker.printed


def test_who_is_lost_is_replaced_and_takes_no_other_run_along(
    operator: Operator, unit_of_work: UnitOfWorkFactory, redis: Redis, environment: Mapping[str, str]
) -> None:
    apply_documents(unit_of_work, TEAMS + DOCUMENTS)
    with operator.started(environment, "worker", "--concurrency", "2") as worker:
        until(lambda: len(children_of(worker.process.pid)) == 2, worker)
        until(lambda: worker.printed.count('"worker starts"') == 2, worker)
        slow = begin(unit_of_work, redis, "slow")
        until(lambda: see(unit_of_work, slow).status is Status.RUNNING, worker)
        with unit_of_work.begin() as work:
            name = str(work.session.connection().exec_driver_sql(
                "SELECT worker FROM runbook_executions WHERE id = %s", (slow,)
            ).scalar_one())  # fmt: skip
        holder = int(name.rpartition(".")[2])
        [other] = children_of(worker.process.pid) - {holder}
        os.kill(other, signal.SIGKILL)
        until(lambda: len(children_of(worker.process.pid) - {other}) == 2, worker)
        assert see(unit_of_work, slow).status is Status.RUNNING
        quick = begin(unit_of_work, redis, "quick")
        until(lambda: see(unit_of_work, quick).status is Status.SUCCEEDED, worker)
        assert see(unit_of_work, slow).status is Status.RUNNING
        assert worker.ends() == 0, worker.printed


def test_the_processes_end_with_the_one_that_looks_after_them(
    operator: Operator, unit_of_work: UnitOfWorkFactory, environment: Mapping[str, str]
) -> None:
    with operator.started(environment, "worker", "--concurrency", "2") as worker:
        until(lambda: worker.printed.count('"worker starts"') == 2, worker)
        hands = children_of(worker.process.pid)
        worker.process.send(signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in hands), worker)


def test_what_a_worker_may_not_do_here_is_one_sentence_and_no_loop(
    operator: Operator, environment: Mapping[str, str]
) -> None:
    wrong = {**environment, "RUNBOOK_SHELL_WRAPPER": "/no/such/program", "RUNBOOK_LOG": "text"}
    with operator.started(wrong, "worker", "--concurrency", "3") as worker:
        assert worker.process.wait(PATIENCE)
        assert worker.process.status == 1
        until(lambda: "RUNBOOK_SHELL_WRAPPER" in worker.printed, worker)
    assert worker.printed.count("RUNBOOK_SHELL_WRAPPER") == 1
