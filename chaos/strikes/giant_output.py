"""A gigabyte of NULs from a command, and as much from the target."""

from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "giant-output"


def play(scene: Scene, _chance: Random) -> None:
    with scene.struck(NAME):
        scene.driver.ask_extra("long-output")


STRIKE = Strike(NAME, play)
