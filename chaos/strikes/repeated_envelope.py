"""The same command or click, ten times more, to both web processes at once."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

from chaos.strikes.scene import Scene, Strike

NAME = "repeated-envelope"
TIMES = 10
KINDS = ("slash_commands", "interactive")


def play(scene: Scene, chance: Random) -> None:
    slack = scene.house.slack
    deliveries = [each["n"] for each in slack.log()["deliveries"] if each["delivery"]["kind"] in KINDS]
    if not deliveries:
        return
    chosen = chance.choice(deliveries[-10:])
    with scene.struck(NAME), ThreadPoolExecutor(TIMES) as pool:
        list(pool.map(slack.repeat, [chosen] * TIMES))


STRIKE = Strike(NAME, play)
