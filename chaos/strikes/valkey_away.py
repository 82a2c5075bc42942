"""Valkey is killed, and away for a while: intake still commits and answers."""

import signal
import time
from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "valkey-away"


def play(scene: Scene, chance: Random) -> None:
    seconds = chance.uniform(3, 12)
    with scene.struck(NAME):
        scene.house.redis.end(signal.SIGKILL)
        ended = time.monotonic() + seconds
        for _ in range(3):
            scene.driver.ask_extra("mixed")
        time.sleep(max(0.0, ended - time.monotonic()))
        scene.house.redis.start()


STRIKE = Strike(NAME, play, harms=True)
