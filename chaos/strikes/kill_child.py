"""`kill -9` of a worker that holds a child run; the run's siblings and its parent are left to others."""

import signal
from random import Random

from chaos.strikes.kill_worker import busy_worker
from chaos.strikes.scene import Scene, Strike

NAME = "kill-child"
FAMILIES = ("family-each", "family-some", "family-cancel", "family-tidied", "polling-each")
HOLDERS = "SELECT worker FROM runbook_executions WHERE worker IS NOT NULL AND parent_execution_id IS NOT NULL"


def play(scene: Scene, chance: Random) -> None:
    scene.driver.ask_extra(chance.choice(FAMILIES))
    name = busy_worker(scene, chance, HOLDERS)
    with scene.struck(NAME):
        scene.environment.process_group.signal(name, signal.SIGKILL, NAME)


STRIKE = Strike(NAME, play, harms=True)
