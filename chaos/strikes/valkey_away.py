"""Valkey is killed or unresponsive, for a few seconds or a minute: requests must still be committed and answered."""

import signal
import time
from random import Random

from chaos.strikes.scene import Scene, Strike

NAME, LONG_NAME, SILENT_NAME = "valkey-away", "valkey-away-60", "valkey-silent"
NAMES = (NAME, LONG_NAME, SILENT_NAME)
LONG = 60.0
ASK_EVERY = 3.0


def play(scene: Scene, chance: Random) -> None:
    _be_away(scene, NAME, chance.uniform(3, 12))


def play_long(scene: Scene, _chance: Random) -> None:
    _be_away(scene, LONG_NAME, LONG)


def play_silent(scene: Scene, chance: Random) -> None:
    """Stop Valkey: it accepts connections and commands but does not answer."""
    with scene.struck(SILENT_NAME):
        scene.environment.redis.signal(signal.SIGSTOP)
        try:
            _ask_meanwhile(scene, chance.uniform(3, 8))
        finally:
            scene.environment.redis.signal(signal.SIGCONT)


def _be_away(scene: Scene, name: str, seconds: float) -> None:
    with scene.struck(name):
        scene.environment.redis.end(signal.SIGKILL)
        _ask_meanwhile(scene, seconds)
        scene.environment.redis.start()


def _ask_meanwhile(scene: Scene, seconds: float) -> None:
    """Request runs, through REST and Slack."""
    ended = time.monotonic() + seconds
    while (left := ended - time.monotonic()) > 0:
        for _ in range(2):
            scene.driver.ask_extra("mixed")
        time.sleep(min(ASK_EVERY, max(0.0, left)))


STRIKE = Strike(NAME, play, harms=True)
SILENT_STRIKE = Strike(SILENT_NAME, play_silent, harms=True)
LONG_STRIKE = Strike(LONG_NAME, play_long, harms=True, is_long=True)
