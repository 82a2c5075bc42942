"""The wall clock of one worker is ten minutes fast, then ten minutes slow (libfaketime)."""

import signal
import time
from pathlib import Path
from random import Random

from chaos.births import Nursery
from chaos.crew import Plan
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
SECONDS = 6.0  # with each
PATIENCE = 30.0


def library() -> Path | None:
    """Where libfaketime is, if it is there."""
    found = (file for pattern in LIBRARIES for file in Path("/").glob(f"{pattern.lstrip('/')}/{LIBRARY}"))
    return next(found, None)


def missing() -> str | None:
    """The sentence that says why it cannot be played."""
    if library() is not None:
        return None
    return "libfaketime is not installed, so no worker's clock jumped; on Debian or Ubuntu: apt-get install faketime"


def play(scene: Scene, chance: Random) -> None:
    file = scene.house.folder / "faketime"
    file.write_text("+0")
    nursery = Nursery(scene.house.folder / "nursery.log", _environment(file))
    try:
        name = _settle(scene, chance, nursery)
        with scene.struck(NAME):
            for offset in chance.sample(OFFSETS, 2):
                file.write_text(offset)
                for runbook in ("mixed", "waiting", "slow"):
                    scene.driver.ask_extra(runbook)
                time.sleep(SECONDS)
        _settle(scene, chance, None, name)
    finally:
        scene.house.crew.orders.clear()
        nursery.close()


def _environment(file: Path) -> dict[str, str]:
    """The monotonic clock goes on as it does when somebody sets a machine's clock."""
    return {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DISABLE_SHM": "1",
    }


def _settle(scene: Scene, chance: Random, nursery: Nursery | None, name: str = "") -> str:
    """Start a worker anew, in this nursery or in the usual one. Returns its name."""
    crew = scene.house.crew
    until(lambda: bool(set(crew.spare("worker")) & {name or "worker-1", name or "worker-2"}), PATIENCE)
    name = name or chance.choice(crew.spare("worker") or crew.names("worker"))
    if nursery is None:
        crew.orders.pop(name, None)
    else:
        crew.orders[name] = Plan(nursery=nursery)
    pid = crew.signal(name, signal.SIGTERM, NAME)
    until(lambda: crew.pid(name) != pid, PATIENCE)
    return name


STRIKE = Strike(NAME, play, harms=True, missing=missing)
