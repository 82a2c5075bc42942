"""How a peer takes its turn: for each line of its standard input it runs once, and says how long that took."""

import json
import sys
import time
from collections.abc import Callable

STEPS = 40


def serve(run: Callable[[], object]) -> None:
    """Print `[seconds elapsed, seconds of processor time]` as JSON for each line that comes."""
    print("ready", flush=True)
    for _ in sys.stdin:
        start, processor = time.perf_counter(), time.process_time()
        run()
        print(json.dumps([time.perf_counter() - start, time.process_time() - processor]), flush=True)
