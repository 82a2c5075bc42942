"""A definition that kills its worker: after three deaths it must be quarantined, and reported."""

from random import Random

import psycopg

from chaos.definitions import POISON
from chaos.strikes.scene import Scene, Strike, until

NAME = "poison"
PATIENCE = 60.0  # seconds: three leases, and the time to notice that they ended
OPEN = "SELECT count(*) FROM runbook_executions WHERE runbook_name = %s AND finished_at IS NULL"


def play(scene: Scene, _chance: Random) -> None:
    """Start poison; no other kills of workers are planned meanwhile."""
    scene.environment.process_group.suspects["worker"] = NAME
    scene.driver.ask_extra(POISON)

    def watch() -> None:
        with scene.struck(NAME):
            until(lambda: _is_over(scene), PATIENCE)
        scene.environment.process_group.suspects.clear()

    scene.meanwhile(watch)


def _is_over(scene: Scene) -> bool:
    try:
        with psycopg.connect(scene.environment.conninfo, autocommit=True) as connection:
            return connection.execute(OPEN, (POISON,)).fetchone() == (0,)
    except psycopg.OperationalError:
        return False  # another strike has stopped the database


STRIKE = Strike(NAME, play, harms=True)
