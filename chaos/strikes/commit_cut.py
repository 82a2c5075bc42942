"""Connections to PostgreSQL are cut in the middle of a COMMIT, so clients cannot know whether it took effect."""

from random import Random

from chaos.strikes.scene import Scene, Strike, until

NAME = "commit-cut"
CUTS = 8
PATIENCE = 8.0  # seconds for this many commits to happen


def play(scene: Scene, chance: Random) -> None:
    proxy = scene.environment.proxy
    assert proxy is not None
    with scene.struck(NAME):
        proxy.cut(*(chance.choice(("unsent", "unanswered", "unanswered")) for _ in range(CUTS)))
        for runbook in ("mixed", "gated", "many"):
            scene.driver.ask_extra(runbook)
        until(lambda: not proxy.left, PATIENCE)
        proxy.spare()


STRIKE = Strike(NAME, play, harms=True)
