"""Every process is asked to end (SIGTERM), one after the other, and started again."""

import signal
from functools import partial
from random import Random

from chaos.crew import Crew
from chaos.house import KINDS
from chaos.strikes.scene import Scene, Strike, until

NAME = "rolling-restart"
GRACE = 30.0


def play(scene: Scene, chance: Random) -> None:
    crew = scene.house.crew
    names = [name for kind in KINDS for name in crew.names(kind)]
    chance.shuffle(names)
    with scene.struck(NAME):
        for name in names:
            kind = name.partition("-")[0]
            until(partial(_is_spare, crew, kind, name), GRACE)
            pid = crew.signal(name, signal.SIGTERM, NAME)
            if not until(partial(_is_replaced, crew, name, pid), GRACE):
                raise TimeoutError(f"{name} did not end within {GRACE:g} s of SIGTERM.")


def _is_spare(crew: Crew, kind: str, name: str) -> bool:
    return name in crew.spare(kind)


def _is_replaced(crew: Crew, name: str, pid: int) -> bool:
    return crew.pid(name) != pid


STRIKE = Strike(NAME, play, harms=True)
