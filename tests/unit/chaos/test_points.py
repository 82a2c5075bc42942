"""How kills at points are shared out."""

from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest

from chaos.points import AT_POINT, POINTS, PointKills
from chaos.process_group import PLAIN, Member, ProcessGroup


class StandIns(ProcessGroup):
    """A process group without processes: every member counts as up unless the test says otherwise."""

    def __init__(self) -> None:
        self.suspects: dict[str, str] = {}
        self.away: set[str] = set()
        self.killed: list[str] = []
        self.many: set[str] = set()

    def names(self, kind: str) -> list[str]:
        return [f"{kind}-1", f"{kind}-2"]

    def single(self, kind: str) -> list[str]:
        return [name for name in self.names(kind) if name not in self.many]

    def spare(self, kind: str) -> list[str]:
        return [] if self.away & set(self.names(kind)) else self.names(kind)

    def age(self, name: str) -> float:
        return 5.0

    def signal(self, name: str, number: object, fault: str = "") -> int:
        self.killed.append(name)
        return 0


def kills(
    process_group: ProcessGroup, number: int, points: Mapping[str, tuple[str, ...]] = POINTS
) -> PointKills:
    return PointKills(process_group, Random(1), number, points)


def plans(planner: PointKills, kind: str, times: int) -> int:
    """How often a process of the kind that is due for one gets a plan."""
    got = 0
    for _ in range(times):
        planner.tend(kind)
        got += planner.plan(Member(f"{kind}-1", kind, {})).fault == AT_POINT
        got += planner.plan(Member(f"{kind}-2", kind, {})).fault == AT_POINT
    return got


def test_every_kind_gets_its_share_however_fast_another_dies() -> None:
    planner = kills(StandIns(), 80)
    taken = Counter({kind: plans(planner, kind, 200) for kind in ("web", "clock", "poster", "worker")})
    assert taken.total() == 80
    assert min(taken.values()) >= 10


def test_a_plan_names_a_point_of_the_kind() -> None:
    planner = kills(StandIns(), 40)
    plans(planner, "clock", 50)
    assert {drawn.partition(" ")[2] for drawn in planner.drawn} <= set(POINTS["clock"])


@pytest.mark.parametrize("reason", ["alone", "suspect"])
def test_nobody_gets_a_plan_who_must_not_die(reason: str) -> None:
    process_group = StandIns()
    planner = kills(process_group, 80)
    planner.tend("worker")
    assert process_group.killed == ["worker-1"]
    if reason == "alone":
        process_group.away.add("worker-2")
    else:
        process_group.suspects["worker"] = "poison"
    assert planner.plan(Member("worker-1", "worker", {})) == PLAIN


def test_a_worker_of_several_processes_gets_no_plan() -> None:
    """Which of them would come to the point first nobody knows, and the next one would die there again."""
    process_group = StandIns()
    process_group.many.add("worker-1")
    planner = kills(process_group, 80)
    for _ in range(3):
        planner.tend("worker")
        planner.plan(Member("worker-1", "worker", {}))
    assert set(process_group.killed) <= {"worker-2"}


def test_a_campaign_with_fewer_kills_than_ordered_fails() -> None:
    with pytest.raises(RuntimeError, match="with 7 kills left"):
        kills(StandIns(), 7).check_done()
    kills(StandIns(), 0).check_done()
