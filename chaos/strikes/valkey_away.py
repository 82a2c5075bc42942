"""Valkey is killed, and away for a while, or for a whole minute: intake still commits and answers."""

import signal
import time
from random import Random

from chaos.strikes.scene import Scene, Strike

NAME, LONG_NAME = "valkey-away", "valkey-away-60"
NAMES = (NAME, LONG_NAME)
LONG = 60.0
ASK_EVERY = 3.0


def play(scene: Scene, chance: Random) -> None:
    _be_away(scene, NAME, chance.uniform(3, 12))


def play_long(scene: Scene, _chance: Random) -> None:
    _be_away(scene, LONG_NAME, LONG)


def _be_away(scene: Scene, name: str, seconds: float) -> None:
    """Meanwhile people ask for runs, by every door."""
    with scene.struck(name):
        scene.house.redis.end(signal.SIGKILL)
        ended = time.monotonic() + seconds
        while (left := ended - time.monotonic()) > 0:
            for _ in range(2):
                scene.driver.ask_extra("mixed")
            time.sleep(min(ASK_EVERY, max(0.0, left)))
        scene.house.redis.start()


STRIKE = Strike(NAME, play, harms=True)
LONG_STRIKE = Strike(LONG_NAME, play_long, harms=True, is_long=True)
