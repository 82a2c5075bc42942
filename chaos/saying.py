"""Tell the terminal what goes on."""

import sys
import time


class Clock:
    """Prints progress lines with the seconds since the start."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self._begun:6.1f} s  {what}", file=sys.stderr, flush=True)
