"""SIGSTOP of a busy worker for three lease times, then SIGCONT: it wakes up believing that it still holds its run."""

import signal
import time
from random import Random

from chaos.strikes.kill_worker import busy_worker
from chaos.strikes.scene import Scene, Strike, until

NAME = "pause-worker"
LEASE = 10.0
PATIENCE = 4 * LEASE


def play(scene: Scene, chance: Random) -> None:
    # With both workers stopped, none could take over.
    until(lambda: not scene.environment.process_group.asleep, PATIENCE)
    for runbook in ("many", "slow", "mixed"):
        scene.driver.ask_extra(runbook)
    name = busy_worker(scene, chance)
    pid = scene.environment.process_group.signal(name, signal.SIGSTOP)
    scene.recoveries.lost(NAME, pid)
    scene.environment.process_group.asleep.add(name)
    begun = time.time()

    def wake() -> None:
        time.sleep(3 * LEASE)
        if scene.environment.process_group.pid(name) == pid:
            scene.environment.process_group.signal(name, signal.SIGCONT)
        scene.environment.process_group.asleep.discard(name)
        scene.environment.journal.struck(NAME, begun)

    scene.meanwhile(wake)


STRIKE = Strike(NAME, play, harms=True)
