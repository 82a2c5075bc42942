"""Every process is asked to end (SIGTERM), one after the other, and started again."""

import signal
import time
from random import Random

from chaos.house import KINDS
from chaos.strikes.scene import Scene, Strike, until

NAME = "rolling-restart"
GRACE = 30.0
START_SECONDS = 2.0


def play(scene: Scene, chance: Random) -> None:
    crew = scene.house.crew
    names = [name for kind in KINDS for name in crew.names(kind)]
    chance.shuffle(names)
    with scene.struck(NAME):
        for name in names:
            pid = crew.signal(name, signal.SIGTERM, NAME)
            if not until(lambda name=name, pid=pid: crew.pid(name) != pid, GRACE):  # type: ignore[misc]
                raise TimeoutError(f"{name} did not end within {GRACE:g} s of SIGTERM.")
            time.sleep(START_SECONDS)


STRIKE = Strike(NAME, play, harms=True)
