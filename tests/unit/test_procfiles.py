"""The Procfiles start what a platform, or honcho, may start without more being set: nothing there ends by itself."""

from pathlib import Path

import pytest

from cli.main import Commands

ROOT = Path(__file__).parents[2]
NEEDED = {"web", "poster", "worker", "clock"}


def processes(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    entries = [line.partition(":") for line in lines if line and not line.startswith("#")]
    return {kind: command.strip() for kind, _, command in entries}


@pytest.mark.parametrize(("name", "more"), [("Procfile", set[str]()), ("Procfile.socket", {"socket"})])
def test_each_has_what_must_run_and_nothing_that_ends(name: str, more: set[str]) -> None:
    found = processes(name)
    assert set(found) == NEEDED | more
    assert all(command.split()[1] in Commands.lazy for command in found.values())
    assert not any("migrate" in command for command in found.values())
