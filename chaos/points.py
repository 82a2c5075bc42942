"""Kill processes at named fail points: a process is started with a plan to die at one, and dies there.

Only one process of each kind has a plan at a time, so that the other can continue. A process that does not reach its
point in time is killed wherever it is.
"""

import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from random import Random

from chaos.armed import KILL_AT
from chaos.process_group import PLAIN, Member, Plan, ProcessGroup

AT_POINT, AT_LAST = "kill-at-point", "kill-at-random"
POINTS: Mapping[str, tuple[str, ...]] = {
    "web": ("commit.before", "commit.after", "enqueue.before", "enqueue.after"),
    "poster": ("commit.before", "commit.after", "post.before", "post.after"),
    "worker": (
        "job.taken",
        "claim.before",
        "claim.after",
        "checkpoint.before",
        "checkpoint.after",
        "children.created",
        "parent.before",
        "parent.after",
        "outcome.decided",
        "look.committed",
        "effect.before",
        "effect.after",
        "commit.before",
        "commit.after",
    ),
    "clock": ("clock.found", "commit.before", "commit.after", "enqueue.before", "enqueue.after"),
}
MOST_TIMES = 3  # the process dies at the latest on its third pass of the point
LONGEST_LIFE = 10.0  # seconds, after which the process is killed wherever it is
PLANS_A_TURN = 6  # plans in a row for one process, before the other one of the kind gets them
LOOK_SECONDS = 0.2


class PointKills:
    """Hands out plans until `number` processes were killed. `points`: the fail points to draw from, by kind."""

    def __init__(
        self, process_group: ProcessGroup, chance: Random, number: int, points: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._process_group, self._chance, self._left, self._points = process_group, chance, number, points
        self._share = number // (2 * len(points))  # minimum of kills per kind
        self._planned: dict[str, str] = {}  # name by kind
        self._taken: Counter[str] = Counter()  # by kind
        self._turn: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.drawn: list[str] = []

    def run(self) -> None:
        """Kill until `number` is reached; afterwards every process runs without a plan."""
        self._process_group.plan_for = self.plan
        while self._left:
            for kind in self._points:
                self.tend(kind)
            time.sleep(LOOK_SECONDS)
        self._process_group.plan_for = lambda _: PLAIN
        for name in self._planned.values():
            self._process_group.signal(name, signal.SIGKILL, AT_LAST)

    def check_done(self) -> None:
        """Raise RuntimeError if fewer processes were killed than ordered: such a campaign shows less than it says."""
        if self._left:
            raise RuntimeError(f"The killer stopped with {self._left} kills left.")

    def tend(self, kind: str) -> None:
        """Restart the next process of the kind with a plan if another is up; kill one that outlived its plan."""
        planned, names = self._planned.get(kind), self._process_group.single(kind)
        chosen = names[self._turn[kind] // PLANS_A_TURN % len(names)]
        if kind in self._process_group.suspects or not (planned or self._may_take(kind)):
            return
        if planned is None and chosen in self._process_group.spare(kind):
            self._planned[kind] = chosen
            self._process_group.signal(chosen, signal.SIGKILL, AT_LAST)
        elif (
            planned is not None
            and self._process_group.age(planned) > LONGEST_LIFE
            and planned in self._process_group.spare(kind)
        ):
            self._process_group.signal(planned, signal.SIGKILL, AT_LAST)

    def _may_take(self, kind: str) -> bool:
        """Return whether a kill is left that is not reserved for another kind."""
        reserved = sum(max(0, self._share - self._taken[other]) for other in self._points if other != kind)
        return self._left > reserved

    def plan(self, member: Member) -> Plan:
        with self._lock:
            if self._planned.get(member.kind) != member.name:
                return PLAIN
            self._turn[member.kind] += 1
            spared = (
                member.kind in self._process_group.suspects
                or member.name not in self._process_group.spare(member.kind)
            )
            if spared or not self._may_take(member.kind) or self._turn[member.kind] % PLANS_A_TURN == 0:
                del self._planned[member.kind]
                return PLAIN
            self._left -= 1
            self._taken[member.kind] += 1
            point = self._chance.choice(self._points[member.kind])
            self.drawn.append(f"{member.kind} {point}")
            return Plan({KILL_AT: f"{point}:{self._chance.randint(1, MOST_TIMES)}"}, AT_POINT)
