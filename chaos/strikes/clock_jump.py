"""The wall clock of one worker jumps ten minutes ahead and ten minutes back (libfaketime), in random order."""

import signal
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from chaos.forkserver_client import Forkserver
from chaos.process_group import Plan
from chaos.strikes.scene import Scene, Strike, until

NAME = "clock-jump"
LIBRARIES = (
    "/usr/lib/*/faketime",
    "/usr/lib64/faketime",
    "/usr/local/lib/faketime",
    "/opt/homebrew/lib/faketime",
)
LIBRARY = "libfaketimeMT.so.1"
OFFSETS = ("+600", "-600")
SECONDS = 5.0  # with each
PATIENCE = 30.0
WORKER = "worker-2"


def library() -> Path | None:
    """Return the path of libfaketime, or None if it is not installed."""
    found = (file for pattern in LIBRARIES for file in Path("/").glob(f"{pattern.lstrip('/')}/{LIBRARY}"))
    return next(found, None)


def missing() -> str | None:
    """Return why the strike cannot be played here, or None if it can."""
    if library() is not None:
        return None
    return "libfaketime is not installed, so no worker's clock jumped; on Debian or Ubuntu: apt-get install faketime"


def play(scene: Scene, chance: Random) -> None:
    scene.meanwhile(lambda: _jump(scene, chance.sample(OFFSETS, 2)))


def _jump(scene: Scene, offsets: Sequence[str]) -> None:
    file = scene.environment.folder / "faketime"
    file.write_text("+0")
    faked = environment(file)
    forkserver = Forkserver(scene.environment.folder / "forkserver.log", faked)
    try:
        _settle(scene, Plan(faked, forkserver=forkserver))
        with scene.struck(NAME):
            for offset in offsets:
                file.write_text(offset)
                for runbook in ("mixed", "waiting", "slow"):
                    scene.driver.ask_extra(runbook)
                time.sleep(SECONDS)
        _settle(scene, None)
    finally:
        scene.environment.process_group.orders.clear()
        forkserver.close()


def environment(file: Path) -> dict[str, str]:
    """Return the environment for the forkserver and its children; the library rereads the file all the time.

    The monotonic clock is not faked, just as it does not change when somebody sets a machine's clock.
    """
    return {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",
    }


def _settle(scene: Scene, plan: Plan | None) -> None:
    """Restart the worker with this plan, or as usual, while another worker is up."""
    process_group = scene.environment.process_group
    until(lambda: WORKER in process_group.spare("worker"), PATIENCE)
    process_group.orders.pop(WORKER, None)
    if plan is not None:
        process_group.orders[WORKER] = plan
    pid = process_group.signal(WORKER, signal.SIGTERM, NAME)
    until(lambda: process_group.pid(WORKER) != pid, PATIENCE)


STRIKE = Strike(NAME, play, harms=True, missing=missing)
