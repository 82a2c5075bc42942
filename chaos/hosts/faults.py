"""What happens to hosts: a partition, one from the database or from Redis alone, a power cut, a restart."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from chaos.driver.driver import Driver
from chaos.hosts.environment import DATABASE, REDIS, WEBS, WORKERS, Hosts
from chaos.hosts.holding import Holding
from chaos.probing import answers_at
from chaos.recovery import Recoveries
from chaos.strikes.scene import until

PARTITION, BLIND, NO_REDIS, LOST = "partition", "no database", "no Redis", "power cut"
OUTAGES = (PARTITION, BLIND)  # after which a worker that was taken for lost may go on
ROLLING = "rolling restart"
PATIENCE = 60.0  # seconds for a host to be back at work
GRACE = 30.0  # seconds for a process to end after SIGTERM
BUSY_SECONDS = 8.0  # within which all hosts that are struck should be at work
BUSY_WITH = "slow"  # a runbook that keeps a worker busy for seconds
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Struck:
    """A host that met a fault. `back`: seconds from its end until the host was at work again; None: never seen."""

    fault: str
    host: str
    begun: float
    ended: float
    back: float | None

    @property
    def name(self) -> str:
        return name_of(self.fault, self.host)


def name_of(fault: str, host: str) -> str:
    """Return the name that the journal has for the fault."""
    return f"{fault}: {host}"


@dataclass(frozen=True)
class Stage:
    """The hosts, those who ask them for runs, and those who watch them."""

    hosts: Hosts
    driver: Driver
    recoveries: Recoveries
    holding: Holding

    def strike(self, faults: Mapping[str, str], seconds: float) -> Sequence[Struck]:
        """Play each host's fault, all at once, for so many seconds; return when the hosts are at work again."""
        self._keep_busy([host for host in faults if host in WORKERS])
        begun = time.time()
        for host, fault in faults.items():
            CUTS[fault].make(self, host)
            self._count_as_lost(fault, host)
        time.sleep(seconds)
        for host, fault in faults.items():
            CUTS[fault].mend(self, host)
        ended = time.time()
        back = self.await_work(list(faults), ended)
        struck = [Struck(fault, host, begun, ended, back.get(host)) for host, fault in faults.items()]
        for each in struck:
            self.hosts.environment.journal.struck(each.name, begun)
        return struck

    def restart(self, host: str) -> Struck:
        """End the host's processes in an orderly way; return when those that replace them are at work."""
        group, begun, name = self.hosts.environment.process_group, time.time(), name_of(ROLLING, host)
        former = {member: group.signal(member, signal.SIGTERM, name) for member in self.hosts.members[host]}
        for member, pid in former.items():
            if not until(partial(_is_replaced, self, member, pid), GRACE):
                raise TimeoutError(f"{member} did not end within {GRACE:g} s of SIGTERM.")
        ended = time.time()
        back = self.await_work([host], ended)
        self.hosts.environment.journal.struck(name, begun)
        return Struck(ROLLING, host, begun, ended, back.get(host))

    def await_work(self, hosts: Sequence[str], since: float) -> Mapping[str, float]:
        """Return how many seconds after `since` each host was at work, if it was within PATIENCE seconds."""
        found: dict[str, float] = {}

        def all_work() -> bool:
            for host in hosts:
                if host not in found and self._works(host, since):
                    found[host] = time.time() - since
            return len(found) == len(hosts)

        until(all_work, PATIENCE, LOOK_SECONDS)
        return found

    def _works(self, host: str, since: float) -> bool:
        """Return whether the host's web answers, or a worker of it has claimed an execution after `since`."""
        if host in WEBS:
            return answers_at(f"{self.hosts.web(host)}/readyz")
        return self.holding.has_claimed(self.hosts.pids(host), since)

    def _keep_busy(self, hosts: Sequence[str]) -> None:
        """Wait until each of these hosts for workers holds an execution, or BUSY_SECONDS are over."""
        for _ in hosts:
            self.driver.ask_extra(BUSY_WITH)
        until(lambda: all(self.holding.holds(self.hosts.pids(host)) for host in hosts), BUSY_SECONDS, 0.02)

    def _count_as_lost(self, fault: str, host: str) -> None:
        """Count the host's workers as lost: they may go on, but can tell nobody."""
        if host in WORKERS and fault in OUTAGES:
            for pid in self.hosts.pids(host):
                self.recoveries.lost(name_of(fault, host), pid)


@dataclass(frozen=True)
class Cut:
    """How a fault is made on a host, and mended."""

    make: Callable[[Stage, str], None]
    mend: Callable[[Stage, str], None]


def _pull(stage: Stage, host: str) -> None:
    stage.hosts.network.pull(host)


def _plug(stage: Stage, host: str) -> None:
    stage.hosts.network.plug(host)


def _hide(other: str, stage: Stage, host: str) -> None:
    stage.hosts.network.hide(host, other)


def _show(other: str, stage: Stage, host: str) -> None:
    stage.hosts.network.show(host, other)


def _power_off(stage: Stage, host: str) -> None:
    """Pull the cable first, so that nobody is told of the end: no connection is closed."""
    group, members = stage.hosts.environment.process_group, stage.hosts.members[host]
    stage.hosts.network.pull(host)
    group.down.update(members)
    for member in members:
        group.signal(member, signal.SIGKILL, name_of(LOST, host))


def _power_on(stage: Stage, host: str) -> None:
    stage.hosts.network.plug(host)
    stage.hosts.environment.process_group.down.difference_update(stage.hosts.members[host])


CUTS = {
    PARTITION: Cut(_pull, _plug),
    BLIND: Cut(partial(_hide, DATABASE), partial(_show, DATABASE)),
    NO_REDIS: Cut(partial(_hide, REDIS), partial(_show, REDIS)),
    LOST: Cut(_power_off, _power_on),
}


def _is_replaced(stage: Stage, member: str, pid: int) -> bool:
    return stage.hosts.environment.process_group.pid(member) != pid
