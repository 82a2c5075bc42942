"""How a worker is told to stop: first to begin nothing more, then to hurry."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

GRACE_SECONDS = 7.0  # less than the 10 seconds after which supervisors, ours and others, kill
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Ending:
    """`stopping` is set when it is told to stop; `hurry` is called when that takes long, or it is told twice."""

    stopping: threading.Event
    hurry: Callable[[], None]

    def begin(self) -> None:
        """Tell it."""
        if self.stopping.is_set():
            self.hurry()
            return
        self.stopping.set()
        grace = threading.Timer(GRACE_SECONDS, self.hurry)
        grace.daemon = True
        grace.start()

    @contextmanager
    def by_signal(self) -> Iterator[None]:
        """Within the block SIGTERM and SIGINT tell it, and interrupt nothing."""
        before = [signal.signal(number, lambda *_: self.begin()) for number in SIGNALS]
        try:
            yield
        finally:
            for number, handler in zip(SIGNALS, before, strict=True):
                signal.signal(number, handler)
