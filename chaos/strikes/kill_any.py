"""`kill -9` of any process, at any moment."""

import signal
from random import Random

from chaos.environment import KINDS
from chaos.strikes.scene import Scene, Strike, until

NAME = "kill-any"
PATIENCE = 40.0  # seconds for another of the kind to be up


def play(scene: Scene, chance: Random) -> None:
    process_group = scene.environment.process_group
    kind = chance.choice(KINDS)
    until(lambda: bool(process_group.spare(kind)), PATIENCE)
    name = chance.choice(process_group.spare(kind) or process_group.names(kind))
    with scene.struck(NAME):
        process_group.signal(name, signal.SIGKILL, NAME)


STRIKE = Strike(NAME, play, harms=True)
