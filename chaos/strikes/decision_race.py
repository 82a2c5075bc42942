"""Three people approve and one rejects, one of them the same, in the same millisecond."""

import time
from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "decision-race"
GATES = 4
SECONDS = 6.0  # until they opened, and people pressed


def play(scene: Scene, chance: Random) -> None:
    scene.driver.responding.race_for(GATES)
    with scene.struck(NAME):
        for _ in range(GATES):
            scene.driver.ask_extra(chance.choice(("gated", "gated-two")))
        time.sleep(SECONDS)


STRIKE = Strike(NAME, play)
