"""Where the time of forty steps goes, function by function."""

import cProfile
import pstats

from bench.definitions import FORTY_STEPS
from bench.place import Place
from cli.roles.worker import executor_of
from core.services.executions.loading import RUNBOOK

RUNS = 10
SHOWN = 60


def print_profile(place: Place) -> None:
    """Ten runs under cProfile, which makes everything slower, small functions most: read shares, not times."""
    executor = executor_of(place.composition, place.environment)
    ids = place.start(FORTY_STEPS, RUNS + 1)
    executor.run(RUNBOOK, ids.pop())
    with cProfile.Profile() as profile:
        for execution_id in ids:
            executor.run(RUNBOOK, execution_id)
    statistics = pstats.Stats(profile).strip_dirs()
    statistics.sort_stats("cumulative").print_stats(SHOWN)
    statistics.sort_stats("tottime").print_stats(SHOWN // 2)
