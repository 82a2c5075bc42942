"""The type of a strike, and the scene that it is played in."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from chaos.driver.driver import Driver
from chaos.environment import Environment
from chaos.recovery import Recoveries


@dataclass
class Scene:
    """The environment, its driver, and the strikes' background threads."""

    environment: Environment
    driver: Driver
    recoveries: Recoveries
    editions: int = 1
    races: int = 8  # per strike
    background: list[threading.Thread] = field(default_factory=list)

    def meanwhile(self, act: Callable[[], None]) -> None:
        """Act in a background thread; the campaign waits for it before it ends all faults."""
        thread = threading.Thread(target=act, daemon=True)
        self.background.append(thread)
        thread.start()

    @contextmanager
    def struck(self, fault: str) -> Iterator[None]:
        """Record a fault that lasts as long as the block."""
        begun = time.time()
        try:
            yield
        finally:
            self.environment.journal.struck(fault, begun)


@dataclass(frozen=True)
class Strike:
    """A strike. `harms`: it disables a worker, or something that workers need. `is_long`: left out of short campaigns.

    `missing`: returns a sentence that says what this machine lacks for it; None if it can be played.
    """

    name: str
    play: Callable[[Scene, Random], None]
    harms: bool = False
    is_long: bool = False
    missing: Callable[[], str | None] = lambda: None


def until(is_so: Callable[[], bool], seconds: float, pause: float = 0.1) -> bool:
    """Wait until `is_so` returns True. Returns False after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
