"""The registry of strikes."""

from collections.abc import Iterable, Mapping

from chaos.strikes import (
    clock_jump,
    commit_cut,
    decision_race,
    dripping_target,
    edited_definition,
    flushall,
    freeze,
    giant_output,
    kill_any,
    kill_child,
    kill_guard,
    kill_worker,
    newer_rows,
    noisy_output,
    pause_worker,
    poison,
    postgres_stop,
    repeated_envelope,
    rolling_restart,
    slack_faults,
    slow_target,
    valkey_away,
    valkey_restored,
    worker_parent_only,
)
from chaos.strikes.scene import Strike


def by_name(strikes: Iterable[Strike]) -> Mapping[str, Strike]:
    """Return strikes by name. Raises ValueError if a name occurs twice."""
    named: dict[str, Strike] = {}
    for strike in strikes:
        if strike.name in named:
            raise ValueError(f"Two strikes are named {strike.name}.")
        named[strike.name] = strike
    return named


# Poison comes first, with strikes that kill no worker: in a storm of deaths it takes ten of its own to detect it.
STRIKES = by_name(
    (
        poison.STRIKE,
        dripping_target.STRIKE,
        decision_race.STRIKE,
        flushall.STRIKE,
        repeated_envelope.STRIKE,
        *slack_faults.STRIKES,
        newer_rows.STRIKE,
        edited_definition.STRIKE,
        freeze.STRIKE,
        slow_target.STRIKE,
        noisy_output.STRIKE,
        giant_output.STRIKE,
        kill_any.STRIKE,
        kill_worker.STRIKE,
        kill_child.STRIKE,
        worker_parent_only.STRIKE,
        kill_guard.STRIKE,
        pause_worker.STRIKE,
        valkey_restored.STRIKE,
        valkey_away.STRIKE,
        valkey_away.SILENT_STRIKE,
        valkey_away.LONG_STRIKE,
        commit_cut.STRIKE,
        postgres_stop.STRIKE,
        clock_jump.STRIKE,
        rolling_restart.STRIKE,
    )
)
