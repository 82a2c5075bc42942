"""FLUSHALL: Redis loses every job."""

from random import Random

from redis import Redis

from chaos.strikes.scene import Scene, Strike

NAME = "flushall"
SHORTLY = 6  # requested runs, so that there are jobs to lose


def play(scene: Scene, chance: Random) -> None:
    for _ in range(chance.randrange(1, SHORTLY)):
        scene.driver.ask_extra(chance.choice(("mixed", "waiting")))
    with scene.struck(NAME), Redis.from_url(scene.environment.redis.url) as redis:
        redis.flushall()


STRIKE = Strike(NAME, play, harms=True)
