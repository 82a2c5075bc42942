"""When a process that ended is started again. No process runs here, and no time passes."""

from dataclasses import dataclass, field

import pytest

from cli.supervisor import LONG_LIFE, LONGEST_PAUSE, Part, Running, start_process


@dataclass
class SimulationContext:
    """`ends` makes the newest process end."""

    now: float = 1_000.0
    started: list["Actor"] = field(default_factory=list)

    def start(self, *_: object, **__: object) -> "Actor":
        self.started.append(Actor())
        return self.started[-1]

    def pause(self, running: Running, lived: float) -> float:
        """It ends so many seconds after its start; how long it takes until it is started again."""
        self.now += lived
        self.started[-1].returncode = 1
        ended, count = self.now, len(self.started)
        for _ in range(200):
            running.keep_up(self.now)
            if len(self.started) > count:
                return self.now - ended
            self.now += 0.25
        raise AssertionError("It is not started again.")


@dataclass
class Actor:
    returncode: int | None = None

    def poll(self) -> int | None:
        return self.returncode


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> SimulationContext:
    stage = SimulationContext()
    monkeypatch.setattr("cli.supervisor.subprocess.Popen", stage.start)
    return stage


@pytest.fixture
def running(stage: SimulationContext) -> Running:
    return Running(Part("part", "a.module"), stage.now, start_process)


def test_the_pauses_grow_up_to_the_longest(stage: SimulationContext, running: Running) -> None:
    pauses = [stage.pause(running, lived=1) for _ in range(7)]
    assert pauses == [0, 1, 2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE]


def test_what_runs_is_left_alone(stage: SimulationContext, running: Running) -> None:
    running.keep_up(stage.now + 3600)
    assert len(stage.started) == 1


def test_a_process_that_lived_long_begins_anew(stage: SimulationContext, running: Running) -> None:
    for _ in range(6):
        stage.pause(running, lived=1)
    assert stage.pause(running, lived=LONG_LIFE - 1) == LONGEST_PAUSE
    assert stage.pause(running, lived=LONG_LIFE) == 0
    assert stage.pause(running, lived=1) == 1


def test_a_pause_is_no_part_of_a_life(stage: SimulationContext, running: Running) -> None:
    pauses = [stage.pause(running, lived=LONG_LIFE - LONGEST_PAUSE / 2) for _ in range(7)]
    assert pauses[-1] == LONGEST_PAUSE


def test_what_never_starts_is_tried_for_ever(stage: SimulationContext, running: Running) -> None:
    """Two to the power of so many deaths is more than a float can be."""
    for _ in range(1_100):
        stage.pause(running, lived=0)
    assert stage.pause(running, lived=0) == LONGEST_PAUSE
