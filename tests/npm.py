"""Installing packages of npm that tests need: once a machine, and never for longer than a minute."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS = 60
COMMAND = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")


def installed(package: Path) -> Path:
    """Return a folder with the packages that this folder's lock file names.

    Skips the test if there is no npm, or no registry.
    """
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed: apt-get install nodejs npm")
    home = Path(f".venv/npm-{package.name}").absolute()
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers are processes of their own
        if not _is_installed(package, home):
            _install(package, home)
    return home


def _is_installed(package: Path, home: Path) -> bool:
    """True if the packages are those of this lock file."""
    marker = home / "installed.json"
    return marker.is_file() and marker.read_bytes() == (package / "package-lock.json").read_bytes()


def _install(package: Path, home: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(package / name, home)
    try:
        done = subprocess.run(COMMAND, cwd=home, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(
            f"npm did not install {package.name} within {SECONDS} seconds: is its registry reachable?"
        )
    if done.returncode != 0:
        pytest.skip(f"npm could not install {package.name}: {done.stderr.strip()[-500:]}")
    shutil.copy(package / "package-lock.json", home / "installed.json")
