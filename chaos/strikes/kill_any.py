"""`kill -9` of any process, at any moment."""

import signal
from random import Random

from chaos.house import KINDS
from chaos.strikes.scene import Scene, Strike, until

NAME = "kill-any"
PATIENCE = 40.0  # until another of the kind is up


def play(scene: Scene, chance: Random) -> None:
    crew = scene.house.crew
    kind = chance.choice(KINDS)
    until(lambda: bool(crew.spare(kind)), PATIENCE)
    name = chance.choice(crew.spare(kind) or crew.names(kind))
    with scene.struck(NAME):
        crew.signal(name, signal.SIGKILL, NAME)


STRIKE = Strike(NAME, play, harms=True)
