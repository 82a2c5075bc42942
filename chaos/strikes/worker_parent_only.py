"""`kill -9` of a worker process alone while its command runs: the command must die with it."""

import signal
from random import Random

from chaos.strikes.kill_worker import busy_worker
from chaos.strikes.scene import Scene, Strike

NAME = "worker-parent-only"
HOLDERS = """
SELECT worker FROM runbook_executions AS execution JOIN step_executions AS step ON execution_id = execution.id
WHERE worker IS NOT NULL AND step.type = 'shell' AND step.status = 'running'
ORDER BY runbook_name LIKE 'long-%' DESC
LIMIT 1
"""


def play(scene: Scene, chance: Random) -> None:
    scene.driver.ask_extra("shelled")
    name = busy_worker(scene, chance, HOLDERS)
    with scene.struck(NAME):
        scene.environment.process_group.signal(name, signal.SIGKILL, NAME)


STRIKE = Strike(NAME, play, harms=True)
