"""Several people decide on each of many gates at once, sometimes while it expires or is cancelled."""

import time
from random import Random

from chaos.driver.racing import Racing
from chaos.strikes.scene import Scene, Strike

NAME = "decision-race"
BY_BUTTON = 3  # gates that are raced for with Slack's buttons
SECONDS = 5.0  # for these gates to open and be pressed


def play(scene: Scene, chance: Random) -> None:
    ended = time.monotonic() + SECONDS
    scene.driver.responding.race_for(BY_BUTTON)
    name = f"races-{chance.randrange(1_000_000_000)}"
    incident = scene.driver.open_incident(name)
    racing = Racing(scene.environment, scene.driver.seed, name)
    with scene.struck(NAME):
        for _ in range(BY_BUTTON):
            scene.driver.ask_extra(chance.choice(("gated", "gated-two")))
        racing.run(scene.races, incident)
        time.sleep(max(0.0, ended - time.monotonic()))
    scene.environment.journal.raced(racing.kinds, racing.answers)


STRIKE = Strike(NAME, play)
