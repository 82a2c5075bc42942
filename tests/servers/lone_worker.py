"""A worker in a process of its own that works on one execution, to be killed: `python -m tests.servers.lone_worker`.

From standard input it reads, as JSON, the database's URL, the execution's id, and the secrets.
"""

import json
import subprocess
import sys
from collections.abc import Mapping

from core.clock import SystemClock
from core.database import open_engine
from core.services.executions.kinds import RUNBOOK
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.world import new_executor


def start_lone_worker(
    database_url: str, execution_id: str, secrets: Mapping[str, str]
) -> "subprocess.Popen[str]":
    """A worker that has been told what to do."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.lone_worker"], stdin=subprocess.PIPE, text=True
    )
    assert process.stdin
    json.dump({"url": database_url, "id": execution_id, "secrets": dict(secrets)}, process.stdin)
    process.stdin.close()
    return process


def main() -> None:
    told = json.load(sys.stdin)
    work = UnitOfWorkFactory(open_engine(told["url"]), SystemClock(), RecordedJobs(), frozenset())
    new_executor(work, secrets=told["secrets"], worker="worker-alone").run(RUNBOOK, told["id"])


if __name__ == "__main__":
    main()
