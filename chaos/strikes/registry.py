"""Which strikes there are."""

from collections.abc import Iterable, Mapping

from chaos.strikes import (
    decision_race,
    edited_definition,
    flushall,
    kill_any,
    kill_command,
    kill_worker,
    noisy_output,
    pause_worker,
    postgres_stop,
    repeated_envelope,
    rolling_restart,
    slack_faults,
    slow_target,
    valkey_away,
)
from chaos.strikes.scene import Strike


def by_name(strikes: Iterable[Strike]) -> Mapping[str, Strike]:
    """Raises ValueError for a name that is there twice."""
    named: dict[str, Strike] = {}
    for strike in strikes:
        if strike.name in named:
            raise ValueError(f"Two strikes are named {strike.name}.")
        named[strike.name] = strike
    return named


STRIKES = by_name(
    (
        pause_worker.STRIKE,
        kill_any.STRIKE,
        kill_worker.STRIKE,
        kill_command.STRIKE,
        decision_race.STRIKE,
        flushall.STRIKE,
        repeated_envelope.STRIKE,
        *slack_faults.STRIKES,
        edited_definition.STRIKE,
        valkey_away.STRIKE,
        noisy_output.STRIKE,
        postgres_stop.STRIKE,
        slow_target.STRIKE,
        rolling_restart.STRIKE,
    )
)
