"""Every process is terminated (SIGTERM), one after the other, and restarted."""

import signal
from functools import partial
from random import Random

from chaos.environment import KINDS
from chaos.process_group import ProcessGroup
from chaos.strikes.scene import Scene, Strike, until

NAME = "rolling-restart"
GRACE = 30.0


def play(scene: Scene, chance: Random) -> None:
    process_group = scene.environment.process_group
    names = [name for kind in KINDS for name in process_group.names(kind)]
    chance.shuffle(names)
    with scene.struck(NAME):
        for name in names:
            kind = name.partition("-")[0]
            until(partial(_is_spare, process_group, kind, name), GRACE)
            pid = process_group.signal(name, signal.SIGTERM, NAME)
            if not until(partial(_is_replaced, process_group, name, pid), GRACE):
                raise TimeoutError(f"{name} did not end within {GRACE:g} s of SIGTERM.")


def _is_spare(process_group: ProcessGroup, kind: str, name: str) -> bool:
    return name in process_group.spare(kind)


def _is_replaced(process_group: ProcessGroup, name: str, pid: int) -> bool:
    return process_group.pid(name) != pid


STRIKE = Strike(NAME, play, harms=True)
