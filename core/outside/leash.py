"""What a step outside is held by: it is told to stop, and it knows how long its worker surely has the lease."""

import math
import threading


class Leash(threading.Event):
    """Set when the step should stop.

    `held_until`, of core.clock.elapsed: until then nobody else runs this step, unless somebody says more by then.
    """

    held_until = math.inf


def held_until(stop: threading.Event) -> float:
    """For ever, where nobody holds it."""
    return stop.held_until if isinstance(stop, Leash) else math.inf
