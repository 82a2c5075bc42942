"""Kills at named points inside the code: a process is started with its death planned, and dies there.

Of each kind one process at a time has such a plan, so that the other one can go on. Who outlives the plan is
killed wherever it is.
"""

import signal
import threading
import time
from collections.abc import Mapping
from random import Random

from chaos.crew import PLAIN, Crew, Member, Plan

AT_POINT, AT_LAST = "kill-at-point", "kill-any"
POINTS: Mapping[str, tuple[str, ...]] = {
    "web": ("commit.before", "commit.after", "ring.before", "ring.after"),
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
    "clock": ("clock.found", "commit.before", "commit.after", "ring.before", "ring.after"),
}
MOST_TIMES = 6  # the point is passed fewer times than this before it kills
LONGEST_LIFE = 12.0  # seconds, then it is killed wherever it is
TURN_SECONDS = 25.0  # then the other process of each kind gets the plans
LOOK_SECONDS = 0.2


class PointKills:
    """Hands out plans until `number` processes were killed so. `points`: those that may be drawn, by kind."""

    def __init__(
        self, crew: Crew, chance: Random, number: int, points: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._crew, self._chance, self._left, self._points = crew, chance, number, points
        self._planned: set[str] = set()
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self.drawn: list[str] = []

    def run(self) -> None:
        """Returns when all are dead, and everybody runs without a plan."""
        self._crew.plan_for = self._plan
        while self._left:
            for kind in self._points:
                self._tend(self._chosen(kind))
            time.sleep(LOOK_SECONDS)
        self._crew.plan_for = lambda _: PLAIN
        for name in self._planned:
            self._crew.signal(name, signal.SIGKILL, AT_LAST)

    def _chosen(self, kind: str) -> str:
        names = self._crew.names(kind)
        return names[int((time.monotonic() - self._begun) / TURN_SECONDS) % len(names)]

    def _tend(self, chosen: str) -> None:
        """Have the chosen one start with a plan, and end those that outlived theirs."""
        old = [name for name in self._planned if self._crew.age(name) > LONGEST_LIFE]
        for name in {*old, chosen} if chosen not in self._planned else old:
            self._planned.add(name)
            self._crew.signal(name, signal.SIGKILL, AT_LAST)

    def _plan(self, member: Member) -> Plan:
        with self._lock:
            if not self._left or member.name != self._chosen(member.kind):
                self._planned.discard(member.name)
                return PLAIN
            self._left -= 1
            self._planned.add(member.name)
            point = self._chance.choice(self._points[member.kind])
            self.drawn.append(f"{member.kind} {point}")
            return Plan({"RUNBOOK_SABOTAGE": f"{point}:{self._chance.randint(1, MOST_TIMES)}"}, AT_POINT)
