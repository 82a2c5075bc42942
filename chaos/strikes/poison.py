"""A definition that kills its worker: after three deaths it is put away, and said so."""

from random import Random

import psycopg

from chaos.definitions import POISON
from chaos.strikes.scene import Scene, Strike, until

NAME = "poison"
PATIENCE = 75.0  # three leases, and what it takes to find that they ended
HOLDERS = "SELECT worker, status FROM runbook_executions WHERE runbook_name = %s"
FINAL = ("succeeded", "failed", "cancelled", "timed_out")


def play(scene: Scene, _chance: Random) -> None:
    scene.driver.ask_extra(POISON)

    def watch() -> None:
        with scene.struck(NAME):
            until(lambda: _is_over(scene), PATIENCE, pause=0.1)

    scene.meanwhile(watch)


def _is_over(scene: Scene) -> bool:
    """Meanwhile its victims are counted for this strike."""
    try:
        with psycopg.connect(scene.house.conninfo, autocommit=True) as connection:
            rows = connection.execute(HOLDERS, (POISON,)).fetchall()
    except psycopg.OperationalError:
        return False  # another strike took the database away
    for worker, _ in rows:
        if worker is not None:
            scene.house.crew.blame(int(str(worker).rpartition(".")[2]), NAME)
    return bool(rows) and all(status in FINAL for _, status in rows)


STRIKE = Strike(NAME, play, harms=True)
