"""The demo's worker processes, which are children of one of its processes."""

import os
import signal
import time
from pathlib import Path

from cli.supervisor import Supervisor


def kill_workers(supervisor: Supervisor) -> None:
    """As a machine dies: without a word. They are started again."""
    parent = supervisor.process("worker").pid
    killed = _children(parent)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    while killed & _children(parent):
        time.sleep(0.01)


def _children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
