"""Kills at named points inside the code: a process is started with its death planned, and dies there.

Of each kind one process at a time has such a plan, so that the other one can go on. Who outlives the plan is
killed wherever it is.
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
        "effect.before",
        "effect.after",
        "commit.before",
        "commit.after",
    ),
    "clock": ("clock.found", "commit.before", "commit.after", "enqueue.before", "enqueue.after"),
}
MOST_TIMES = 3  # the point is passed fewer times than this before it kills
LONGEST_LIFE = 10.0  # seconds, then it is killed wherever it is
PLANS_A_TURN = 6  # then the other process of the kind gets them
LOOK_SECONDS = 0.2


class PointKills:
    """Hands out plans until `number` processes were killed so. `points`: those that may be drawn, by kind."""

    def __init__(
        self, process_group: ProcessGroup, chance: Random, number: int, points: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._crew, self._chance, self._left, self._points = process_group, chance, number, points
        self._share = number // (2 * len(points))  # that each kind gets at least
        self._planned: dict[str, str] = {}  # name by kind
        self._taken: Counter[str] = Counter()  # by kind
        self._turn: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.drawn: list[str] = []

    def run(self) -> None:
        """Returns when all are dead, and everybody runs without a plan."""
        self._crew.plan_for = self.plan
        while self._left:
            for kind in self._points:
                self.tend(kind)
            time.sleep(LOOK_SECONDS)
        self._crew.plan_for = lambda _: PLAIN
        for name in self._planned.values():
            self._crew.signal(name, signal.SIGKILL, AT_LAST)

    def tend(self, kind: str) -> None:
        """Have the next one start with a plan while another of its kind is up; end who outlived theirs."""
        planned, names = self._planned.get(kind), self._crew.single(kind)
        chosen = names[self._turn[kind] // PLANS_A_TURN % len(names)]
        if kind in self._crew.suspects or not (planned or self._may_take(kind)):
            return
        if planned is None and chosen in self._crew.spare(kind):
            self._planned[kind] = chosen
            self._crew.signal(chosen, signal.SIGKILL, AT_LAST)
        elif (
            planned is not None
            and self._crew.age(planned) > LONGEST_LIFE
            and planned in self._crew.spare(kind)
        ):
            self._crew.signal(planned, signal.SIGKILL, AT_LAST)

    def _may_take(self, kind: str) -> bool:
        """Whether there is a kill left that is kept for no other kind."""
        kept = sum(max(0, self._share - self._taken[other]) for other in self._points if other != kind)
        return self._left > kept

    def plan(self, member: Member) -> Plan:
        with self._lock:
            if self._planned.get(member.kind) != member.name:
                return PLAIN
            self._turn[member.kind] += 1
            spared = member.kind in self._crew.suspects or member.name not in self._crew.spare(member.kind)
            if spared or not self._may_take(member.kind) or self._turn[member.kind] % PLANS_A_TURN == 0:
                del self._planned[member.kind]
                return PLAIN
            self._left -= 1
            self._taken[member.kind] += 1
            point = self._chance.choice(self._points[member.kind])
            self.drawn.append(f"{member.kind} {point}")
            return Plan({KILL_AT: f"{point}:{self._chance.randint(1, MOST_TIMES)}"}, AT_POINT)
