"""PostgreSQL stops immediately (SIGQUIT, like `pg_ctl stop -m immediate`) and restarts on its data."""

import signal
import time
from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "postgres-stop"


def play(scene: Scene, chance: Random) -> None:
    with scene.struck(NAME):
        scene.environment.database.end(signal.SIGQUIT)
        time.sleep(chance.choice((0.0, 0.0, 2.0)))
        scene.environment.database.start()


STRIKE = Strike(NAME, play, harms=True)
