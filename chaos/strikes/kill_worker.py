"""`kill -9` of a worker that holds an execution."""

import signal
from random import Random

import psycopg

from chaos.strikes.scene import Scene, Strike, until

NAME = "kill-worker"
HOLDERS = "SELECT worker FROM runbook_executions WHERE worker IS NOT NULL"
PATIENCE = 40.0


def busy_worker(scene: Scene, chance: Random, query: str = HOLDERS) -> str:
    """The name of a worker that `query` finds, while another is up; of any where that does not come."""
    crew = scene.house.crew
    busy: list[str] = []

    def look() -> bool:
        busy[:] = [name for name in crew.spare("worker") if crew.pid(name) in holders(scene, query)]
        return bool(busy)

    until(look, PATIENCE)
    return chance.choice(busy or crew.names("worker"))


def holders(scene: Scene, query: str) -> set[int]:
    """Process ids of the workers that the query finds."""
    with psycopg.connect(scene.house.conninfo, autocommit=True) as connection:
        return {int(str(row[0]).rpartition(".")[2]) for row in connection.execute(query.encode())}


def play(scene: Scene, chance: Random) -> None:
    name = busy_worker(scene, chance)
    with scene.struck(NAME):
        scene.house.crew.signal(name, signal.SIGKILL, NAME)


STRIKE = Strike(NAME, play, harms=True)
