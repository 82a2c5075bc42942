"""A runbook is edited, and approved again, while it runs."""

import time
from random import Random

from chaos.definitions import EDITED, edition_of
from chaos.strikes.scene import Scene, Strike
from cli.apply import apply_text
from cli.compose import Composition

NAME = "edited-definition"


def play(scene: Scene, chance: Random) -> None:
    with scene.struck(NAME), Composition.of(scene.environment.settings) as composition:
        for _ in range(3):
            scene.driver.ask_extra(EDITED)
            time.sleep(chance.uniform(0, 0.7))
            scene.editions += 1
            apply_text(composition.unit_of_work, edition_of(EDITED, scene.editions), "chaos", approve=True)


STRIKE = Strike(NAME, play)
