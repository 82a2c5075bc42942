"""The last release: which commit it is, and its code in a folder, from which processes can be run."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.decisions.installation import OLDEST_SCHEMA

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "bot", "workers", "cli", "migrations", "slack_sandbox", "examples")
TAGS = "v[0-9]*"


@dataclass(frozen=True)
class Release:
    """A release's code. `name`: its tag or commit; `folder`: where its packages are."""

    name: str
    folder: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes Python find its packages before ours, in whatever folder it is started."""
        return {"PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "1"}

    def check_used(self) -> None:
        """Raise RuntimeError unless a process with its environment has all of its packages, and none of ours."""
        program = (
            f"import {', '.join(PACKAGES)}; print(*[each.__path__[0] for each in ({', '.join(PACKAGES)},)])"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=True,
        )
        if {Path(path).parent for path in done.stdout.split()} != {self.folder}:
            raise RuntimeError(f"Not all packages are those of {self.name}: {done.stdout}")


def name_of_last_release(root: Path = ROOT) -> str:
    """Return the newest tag of a release before this commit.

    Until there is one: the newest commit of the main line without the migration that this release requires.
    Raises LookupError if the history is missing.
    """
    tag = _git(root, "describe", "--tags", "--abbrev=0", "--match", TAGS, "HEAD^")
    if tag is not None:
        return tag
    required = f"migrations/versions/{OLDEST_SCHEMA}_*.py"
    made = _git(root, "log", "--first-parent", "-m", "--diff-filter=A", "--format=%H", "--", required)
    before = _git(root, "rev-parse", "--verify", f"{made.split()[-1]}^1") if made else None
    if before is None or _git(root, "rev-parse", "--is-shallow-repository") != "false":
        raise LookupError(
            "This clone has no history, so there is no last release to compare with. Try: git fetch --unshallow --tags"
        )
    return before


def unpack(name: str, folder: Path) -> Release:
    """Write the packages of a commit or tag into the folder, which must not exist."""
    folder.mkdir()
    known = [package for package in PACKAGES if _git(ROOT, "cat-file", "-e", f"{name}:{package}") is not None]
    archive = subprocess.run(["git", "archive", name, *known], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "--extract", "--directory", folder], input=archive.stdout, check=True)
    return Release(name, folder)


def _git(root: Path, *arguments: str) -> str | None:
    """Return what git says, or None if it refuses."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
