"""Megabytes of output, NULs, bytes that are not text, and answers sent byte by byte."""

from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "noisy-output"


def play(scene: Scene, _chance: Random) -> None:
    with scene.struck(NAME):
        for _ in range(2):
            scene.driver.ask_extra("noisy")


STRIKE = Strike(NAME, play)
