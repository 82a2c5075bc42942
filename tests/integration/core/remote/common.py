"""What tests of steps that reach other machines do with a run."""

import time
from collections.abc import Callable

from tests.integration.core.world import CoreWorld
from tests.world import declare, new_executor

PATIENCE = 60.0  # seconds for anything to happen, on a busy machine too


def equip(world: CoreWorld, **secrets: str) -> None:
    """Give the worker these secrets, declared for this machine and for every type."""
    declare(world.unit_of_work, *secrets)
    world.executor = new_executor(world.unit_of_work, secrets=secrets)


def run(world: CoreWorld, step: str) -> str:
    execution = world.begin(step)
    world.work()
    return execution


def output_of(world: CoreWorld, execution: str) -> dict[str, object]:
    found = world.step(execution).output
    assert isinstance(found, dict)
    return found


def error_of(world: CoreWorld, execution: str) -> str:
    return world.step(execution).error or ""


def until(look: Callable[[], object], what: str) -> None:
    """Wait until `look` finds something."""
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline, f"waited for {what}, in vain"
        time.sleep(0.02)
