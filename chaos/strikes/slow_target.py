"""The target answers late."""

import time
from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "slow-target"
SECONDS = 5.0


def play(scene: Scene, chance: Random) -> None:
    with scene.struck(NAME):
        scene.environment.target.delay = chance.uniform(0.5, 2)
        time.sleep(SECONDS)
        scene.environment.target.delay = 0.0


STRIKE = Strike(NAME, play)
