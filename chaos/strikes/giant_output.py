"""A command prints a gigabyte of NULs, and the target sends as much."""

from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "giant-output"


def play(scene: Scene, _chance: Random) -> None:
    with scene.struck(NAME):
        scene.driver.ask_extra("long-output")


STRIKE = Strike(NAME, play)
