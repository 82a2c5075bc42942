"""`kill -9` of any process, at any moment."""

import signal
from random import Random

from chaos.house import KINDS
from chaos.strikes.scene import Scene, Strike

NAME = "kill-any"


def play(scene: Scene, chance: Random) -> None:
    crew = scene.house.crew
    name = chance.choice(crew.names(chance.choice(KINDS)))
    with scene.struck(NAME):
        crew.signal(name, signal.SIGKILL, NAME)


STRIKE = Strike(NAME, play, harms=True)
