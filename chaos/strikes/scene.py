"""What a strike has at hand, and what it is."""

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
    """The house, its driver, and what strikes still do in the background."""

    environment: Environment
    driver: Driver
    recoveries: Recoveries
    editions: int = 1
    races: int = 8  # a strike
    background: list[threading.Thread] = field(default_factory=list)

    def meanwhile(self, act: Callable[[], None]) -> None:
        """Do it in a thread; the campaign waits for it before it heals everything."""
        thread = threading.Thread(target=act, daemon=True)
        self.background.append(thread)
        thread.start()

    @contextmanager
    def struck(self, fault: str) -> Iterator[None]:
        """Note a fault that lasts as long as the block."""
        begun = time.time()
        try:
            yield
        finally:
            self.environment.journal.struck(fault, begun)


@dataclass(frozen=True)
class Strike:
    """`harms`: whether it takes a worker, or what workers need, away for a while. `is_long`: not for the short form.

    `missing`: the sentence that says what this machine lacks for it; None where it can be played.
    """

    name: str
    play: Callable[[Scene, Random], None]
    harms: bool = False
    is_long: bool = False
    missing: Callable[[], str | None] = lambda: None


def until(is_so: Callable[[], bool], seconds: float, pause: float = 0.1) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
