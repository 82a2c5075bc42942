"""`kill -9` of a worker that holds an execution."""

import signal
from random import Random

import psycopg

from chaos.strikes.scene import Scene, Strike, until

NAME = "kill-worker"
HOLDERS = "SELECT worker FROM runbook_executions WHERE worker IS NOT NULL"
PATIENCE = 40.0


def busy_worker(scene: Scene, chance: Random, query: str = HOLDERS) -> str:
    """Return a worker that `query` finds, that is one process and not the only one up; after PATIENCE s, any."""
    process_group = scene.environment.process_group
    busy: list[str] = []

    def look() -> bool:
        found = holders(scene, query)
        single = set(process_group.single("worker"))
        busy[:] = [
            name
            for name in process_group.spare("worker")
            if name in single and process_group.pid(name) in found
        ]
        return bool(busy)

    until(look, PATIENCE)
    return chance.choice(busy or process_group.single("worker") or process_group.names("worker"))


def busy_hand(scene: Scene) -> int | None:
    """Return a child process of a multi-process worker that holds an execution now, or None."""
    process_group = scene.environment.process_group
    hands = {pid for name in process_group.names("worker") for pid in process_group.hands(name)}
    alone = {process_group.pid(name) for name in process_group.single("worker")}
    return next(iter((hands - alone) & holders(scene, HOLDERS)), None)


def holders(scene: Scene, query: str) -> set[int]:
    """Return the process ids of the workers that the query finds."""
    with psycopg.connect(scene.environment.conninfo, autocommit=True) as connection:
        return {int(str(row[0]).rpartition(".")[2]) for row in connection.execute(query.encode())}


def play(scene: Scene, chance: Random) -> None:
    hand = busy_hand(scene)
    if hand is not None:  # its supervisor survives and starts another
        with scene.struck(NAME):
            scene.environment.process_group.strike_worker(hand, NAME)
        return
    name = busy_worker(scene, chance)
    with scene.struck(NAME):
        scene.environment.process_group.signal(name, signal.SIGKILL, NAME)


STRIKE = Strike(NAME, play, harms=True)
