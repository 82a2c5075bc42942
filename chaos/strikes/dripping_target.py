"""The target sends its body or its headers at one byte per second: every call must end at its own deadline."""

import time
from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "dripping-target"
SECONDS = 3.0


def play(scene: Scene, _chance: Random) -> None:
    with scene.struck(NAME):
        scene.driver.ask_extra("long-dripping")
        time.sleep(SECONDS)


STRIKE = Strike(NAME, play)
