"""Valkey loses its data and starts with an older copy: old jobs are delivered again, newer ones never."""

import shutil
import signal
import time
from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "valkey-restored"
AGE = 3.0  # seconds
DATA = "appendonlydir"  # valkey.conf's default


def play(scene: Scene, chance: Random) -> None:
    redis = scene.environment.redis
    data, copy = redis.folder / DATA, scene.environment.folder / "valkey.old"
    with scene.struck(NAME):
        for _ in range(3):
            scene.driver.ask_extra(chance.choice(("mixed", "waiting")))
        shutil.copytree(data, copy)
        for _ in range(3):
            scene.driver.ask_extra(chance.choice(("mixed", "waiting")))
        time.sleep(AGE)
        redis.end(signal.SIGKILL)
        shutil.rmtree(data)
        copy.rename(data)
        redis.start()


STRIKE = Strike(NAME, play, harms=True)
