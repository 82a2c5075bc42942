"""What happens to hosts: a partition, one from the database alone, a power cut, a rolling restart."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from chaos.hosts.environment import DATABASE, REDIS, WEBS, WORKERS, Hosts
from chaos.hosts.observing import Holding, answers_at, seconds_until
from chaos.recovery import Recoveries

PARTITION, BLIND, LOST, NO_REDIS, ROLLING = (
    "partition",
    "no-database",
    "lost-host",
    "no-redis",
    "rolling-restart",
)
NAMES = (PARTITION, BLIND, LOST, NO_REDIS, ROLLING)
OUTAGES = (PARTITION, BLIND)  # after which a worker that was taken for lost may go on
PATIENCE = 60.0  # seconds for a host to be back at work
GRACE = 30.0  # seconds for a process to end after SIGTERM


@dataclass(frozen=True)
class Struck:
    """A fault that was played on `hosts`. `back`: seconds from its end until each was at work again; None: too long."""

    fault: str
    hosts: Sequence[str]
    begun: float
    ended: float
    back: Sequence[float | None]


@dataclass(frozen=True)
class Stage:
    """The hosts and those who watch them."""

    hosts: Hosts
    recoveries: Recoveries
    holding: Holding

    def strike(self, fault: str, names: Sequence[str], seconds: float) -> Struck:
        """Play a fault on all these hosts at once for so many seconds, then wait until they are at work again."""
        begun, cut = time.time(), CUTS[fault]
        for name in names:
            cut.make(self, name)
        time.sleep(seconds)
        for name in names:
            cut.mend(self, name)
        ended = time.time()
        back = [self.seconds_to_work(name, ended) for name in names]
        self.hosts.environment.journal.struck(fault, begun)
        return Struck(fault, names, begun, ended, back)

    def seconds_to_work(self, name: str, since: float) -> float | None:
        """Return how long after `since` a worker of the host holds an execution, or its web answers."""

        def works() -> bool:
            if name in WEBS:
                return answers_at(f"{self.hosts.web(name)}/readyz")
            return self.holding.first(tuple(self.hosts.pids(name)), since) is not None

        found = seconds_until(works, PATIENCE)
        return None if found is None else time.time() - since


@dataclass(frozen=True)
class Cut:
    """How a fault is made on a host, and mended."""

    make: Callable[[Stage, str], None]
    mend: Callable[[Stage, str], None]


def _lost(fault: str, stage: Stage, name: str) -> None:
    """Count the host's workers as lost: they go on, but can tell nobody."""
    if name in WORKERS:
        for pid in stage.hosts.pids(name):
            stage.recoveries.lost(fault, pid)


def _pull(stage: Stage, name: str) -> None:
    stage.hosts.network.pull(name)
    _lost(PARTITION, stage, name)


def _plug(stage: Stage, name: str) -> None:
    stage.hosts.network.plug(name)


def _hide_database(stage: Stage, name: str) -> None:
    stage.hosts.network.hide(name, DATABASE)
    _lost(BLIND, stage, name)


def _show_database(stage: Stage, name: str) -> None:
    stage.hosts.network.show(name, DATABASE)


def _hide_redis(stage: Stage, name: str) -> None:
    stage.hosts.network.hide(name, REDIS)


def _show_redis(stage: Stage, name: str) -> None:
    stage.hosts.network.show(name, REDIS)


def _power_off(stage: Stage, name: str) -> None:
    """Pull the cable first, so that nobody is told of the end: no connection is closed."""
    group = stage.hosts.environment.process_group
    stage.hosts.network.pull(name)
    group.down.update(stage.hosts.members[name])
    for member in stage.hosts.members[name]:
        group.signal(member, signal.SIGKILL, LOST)


def _power_on(stage: Stage, name: str) -> None:
    stage.hosts.network.plug(name)
    stage.hosts.environment.process_group.down.difference_update(stage.hosts.members[name])


CUTS = {
    PARTITION: Cut(_pull, _plug),
    BLIND: Cut(_hide_database, _show_database),
    NO_REDIS: Cut(_hide_redis, _show_redis),
    LOST: Cut(_power_off, _power_on),
}


def roll(stage: Stage) -> Struck:
    """Restart one host after the other: its processes end in an orderly way, and the next host waits until it is back."""
    begun, back = time.time(), []
    with _recorded(stage, ROLLING):
        for name in (*WEBS, *WORKERS):
            since = time.time()
            _restart(stage, name)
            back.append(stage.seconds_to_work(name, since))
    return Struck(ROLLING, (*WEBS, *WORKERS), begun, time.time(), back)


@contextmanager
def _recorded(stage: Stage, fault: str) -> Iterator[None]:
    begun = time.time()
    try:
        yield
    finally:
        stage.hosts.environment.journal.struck(fault, begun)


def _restart(stage: Stage, name: str) -> None:
    group = stage.hosts.environment.process_group
    former = {member: group.signal(member, signal.SIGTERM, ROLLING) for member in stage.hosts.members[name]}
    for member, pid in former.items():
        if seconds_until(partial(_is_replaced, stage, member, pid), GRACE) is None:
            raise TimeoutError(f"{member} did not end within {GRACE:g} s of SIGTERM.")


def _is_replaced(stage: Stage, member: str, pid: int) -> bool:
    return stage.hosts.environment.process_group.pid(member) != pid
