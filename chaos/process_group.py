"""The processes under test: each is started again as soon as it ends, with or without a plan to die."""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos.forkserver_client import Child, Forkserver

LOOK_SECONDS = 0.05
PAUSE_SECONDS = 0.5  # before a start after an end that nobody caused
GRACE_SECONDS = 15.0
START_SECONDS = 2.0  # after which a process is taken to work
CONCURRENCY = "RUNBOOK_CONCURRENCY"
UNCAUSED = "ended by itself"
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Member:
    """A member of the process group: `name` such as `worker-1`, `kind` such as `worker`."""

    name: str
    kind: str
    environment: Mapping[str, str]

    @property
    def is_many(self) -> bool:
        """Whether it is a worker of several processes: it looks after those that do the work."""
        return self.environment.get(CONCURRENCY, "1") != "1"


@dataclass(frozen=True)
class Death:
    """A process that ended: when (Unix time), and what for: the fault's name."""

    name: str
    kind: str
    pid: int
    at: float
    fault: str
    status: int


@dataclass
class Post:
    """A member's process of the moment. `fault`: what it dies of, if it is meant to."""

    member: Member
    process: Child
    started: float
    fault: str = ""
    start_at: float | None = None


@dataclass(frozen=True)
class Plan:
    """What a process is started with: extra environment, the fault that its death is counted for, its forkserver.

    `forkserver`: one of its own, where what it needs must be there before anything is imported.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    forkserver: Forkserver | None = None


PLAIN = Plan()


def children_of(pid: int) -> frozenset[int]:
    """Those that live (proc_pid_task_children(5)); none of a process that has ended."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return frozenset()
    return frozenset(map(int, told.split()))


class ProcessGroup:
    """`on_death` hears of every end. `plan_for` says how a member is started again, unless `orders` has its name.

    `suspects`: by kind, the fault that a SIGKILL of nobody's is counted for. While there is one no other kills are
    planned for that kind. `down`: members that are not started again before they are removed from it.
    """

    def __init__(self, members: list[Member], logs: Path, on_death: Callable[[Death], None]) -> None:
        self._members, self._logs, self._on_death = members, logs, on_death
        self._posts: dict[str, Post] = {}
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="process-group", daemon=True)
        self._forkserver = Forkserver(logs / "forkserver.log", {})
        self._hands: dict[str, frozenset[int]] = {}
        self._struck: dict[int, str] = {}  # the fault that a hand's end is counted for
        self.asleep: set[str] = set()
        self.down: set[str] = set()
        self.suspects: dict[str, str] = {}
        self.orders: dict[str, Plan] = {}
        self.plan_for: Callable[[Member], Plan] = lambda _: PLAIN

    def start(self) -> None:
        for member in self._members:
            self._posts[member.name] = self._begin(member, self.orders.get(member.name, PLAIN))
        self._thread.start()

    def stop(self) -> None:
        """Everybody is asked to stop, and killed where they do not."""
        self._over.set()
        self._thread.join()
        for number in (signal.SIGCONT, signal.SIGTERM):
            for post in self._posts.values():
                post.process.send(number)
        deadline = time.monotonic() + GRACE_SECONDS
        for post in self._posts.values():
            if not post.process.wait(max(0.1, deadline - time.monotonic())):
                post.process.send(signal.SIGKILL)
                post.process.wait()
        self._forkserver.close()

    def names(self, kind: str) -> list[str]:
        return [member.name for member in self._members if member.kind == kind]

    def single(self, kind: str) -> list[str]:
        """Those that are one process: where it dies, so does the member."""
        return [member.name for member in self._members if member.kind == kind and not member.is_many]

    def pid(self, name: str) -> int:
        return self._posts[name].process.pid

    def hands(self, name: str) -> frozenset[int]:
        """The ids of the processes that do the member's work: its own, or those that it looks after."""
        post = self._posts[name]
        return children_of(post.process.pid) if post.member.is_many else frozenset({post.process.pid})

    def age(self, name: str) -> float:
        """Seconds since the member's process was started; 0 while there is none, or it sleeps."""
        post = self._posts[name]
        works = post.process.status is None and name not in self.asleep
        return time.monotonic() - post.started if works else 0.0

    def spare(self, kind: str) -> list[str]:
        """Those of the kind that another one can stand in for; who is asleep is to wake up again."""
        names = self.names(kind)
        up = {name for name in names if self.age(name) > START_SECONDS}
        return [name for name in names if name not in self.asleep and up - {name}]

    def signal(self, name: str, number: signal.Signals, fault: str = "") -> int:
        """Send a signal, and say which fault an end by it is counted for. Returns the process' id."""
        with self._lock:
            post = self._posts[name]
            if fault:
                post.fault = fault
            post.process.send(number)
            return post.process.pid

    def strike_worker(self, pid: int, fault: str) -> None:
        """Kill one process of a worker of several."""
        self._struck[pid] = fault
        with suppress(ProcessLookupError):  # it has ended by itself meanwhile
            os.kill(pid, signal.SIGKILL)

    def _begin(self, member: Member, plan: Plan) -> Post:
        environment = {**os.environ, **member.environment, **plan.environment}
        forkserver = plan.forkserver or self._forkserver
        child = forkserver.begin([member.kind], environment, self._logs / f"{member.name}.log")
        return Post(member, child, time.monotonic(), plan.fault)

    def _keep_up(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            for name, post in list(self._posts.items()):
                if post.process.status is not None:
                    self._ended(name, post)
                elif post.member.is_many:
                    self._count_hands(name, post)

    def _count_hands(self, name: str, post: Post) -> None:
        """Tell of those that ended; not where the member itself was told to end, and takes them along."""
        before, self._hands[name] = self._hands.get(name, frozenset()), children_of(post.process.pid)
        for pid in before - self._hands[name] if not post.fault else ():
            kind = post.member.kind
            fault = self._struck.pop(pid, self.suspects.get(kind, UNCAUSED))
            self._on_death(Death(name, kind, pid, time.time(), fault, KILLED))

    def _ended(self, name: str, post: Post) -> None:
        """Told once; then started again, with a pause where it ended by itself."""
        with self._lock:
            if post.start_at is None:
                self._tell(post)
                post.start_at = time.monotonic() + (0.0 if post.fault else PAUSE_SECONDS)
            if name not in self.down and time.monotonic() >= post.start_at:
                plan = self.orders.get(name) or self.plan_for(post.member)
                self._posts[name] = self._begin(post.member, plan)
                self._hands.pop(name, None)

    def _tell(self, post: Post) -> None:
        member, process = post.member, post.process
        assert process.status is not None
        fault = post.fault or (
            self.suspects.get(member.kind, UNCAUSED) if process.status == KILLED else UNCAUSED
        )
        self._on_death(Death(member.name, member.kind, process.pid, time.time(), fault, process.status))
