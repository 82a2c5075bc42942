"""What the bench's commands do to whoever runs them."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from chaos.definitions import POISON, shapes

RUN = """
import json, sys, threading
from datetime import timedelta
from core.io.process import Command, ProcessRunner
ProcessRunner("/usr/bin:/bin").run(Command(*json.load(sys.stdin)), timedelta(seconds=20), threading.Event())
"""


def test_a_poison_kills_the_worker_and_not_a_guard_of_its(tmp_path: Path) -> None:
    trace = tmp_path / "trace.log"
    command = [shapes(1)[POISON][0]["argv"], {"TRACE": str(trace), "RUNBOOK_STEP_KEY": "rbx_1.poison"}]
    worker = subprocess.run(
        [sys.executable, "-c", RUN], input=json.dumps(command), text=True, timeout=30, check=False
    )
    assert worker.returncode == -signal.SIGKILL
    assert trace.read_text().startswith("rbx_1.poison ")
