"""`kill -9` of a command's process guard, not of its worker: the command dies, and how far it got is in doubt."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from random import Random

from chaos.strikes.kill_worker import holders
from chaos.strikes.scene import Scene, Strike, until
from chaos.strikes.worker_parent_only import HOLDERS

NAME = "kill-guard"
PATIENCE = 20.0


def play(scene: Scene, _chance: Random) -> None:
    scene.driver.ask_extra("shelled")
    guards: list[int] = []

    def look() -> bool:
        guards[:] = [guard for worker in holders(scene, HOLDERS) for guard in _children(worker)]
        return bool(guards)

    until(look, PATIENCE, pause=0.02)
    with scene.struck(NAME), suppress(ProcessLookupError):
        for guard in guards[:1]:
            os.kill(guard, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    """Return the children of all threads of the process (proc_pid_task_children(5))."""
    with suppress(FileNotFoundError):
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    return []


STRIKE = Strike(NAME, play, harms=True)
