"""A newer release writes at the same time: notices of an unknown kind, and some that this release cannot read."""

import time
from random import Random

import psycopg

from chaos.strikes.scene import Scene, Strike

NAME = "newer-rows"
SECONDS = 4.0
ROWS = """
INSERT INTO notices (id, kind, subject_id, key, incident_id, content, priority, due_at)
SELECT 'ntc_newer' || number || kind, kind, execution.id, 'newer' || number, execution.incident_id, '{}', 0, now()
FROM (SELECT id, incident_id FROM runbook_executions ORDER BY created_at DESC LIMIT 3) AS execution,
    (VALUES ('hologram'), ('message')) AS kinds (kind), generate_series(1, 3) AS numbers (number)
ON CONFLICT DO NOTHING
"""
AWAY = "DELETE FROM notices WHERE id LIKE 'ntc_newer%'"


def play(scene: Scene, chance: Random) -> None:
    """Give the rows the highest priority, so that a poster that fails on them would get no further."""
    with scene.struck(NAME), psycopg.connect(scene.environment.conninfo, autocommit=True) as connection:
        connection.execute(ROWS)
        scene.driver.ask_extra(chance.choice(("mixed", "gated")))
        time.sleep(SECONDS)
        connection.execute(AWAY)


STRIKE = Strike(NAME, play)
