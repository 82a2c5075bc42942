"""Installing JavaScript packages with npm: once a machine, and never for longer than a minute."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = 60
COMMAND = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")


def installed_app() -> Path:
    """Return a folder with the Slack app in JavaScript and its packages. Skips as `installed` does."""
    home = installed("javascript")
    shutil.copy(HERE / "javascript" / "app.js", home)
    return home


def installed(name: str) -> Path:
    """Return a folder with the packages of the lock file in the folder `name`.

    Skips the test if there is no npm, or no registry.
    """
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed: apt-get install nodejs npm")
    home = Path(f".venv/foreign-{name}").absolute()
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers are processes of their own
        if not _is_installed(HERE / name, home):
            _install(HERE / name, home)
    return home


def _is_installed(source: Path, home: Path) -> bool:
    """True if the packages are those of this lock file."""
    marker = home / "installed.json"
    return marker.is_file() and marker.read_bytes() == (source / "package-lock.json").read_bytes()


def _install(source: Path, home: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, home)
    try:
        done = subprocess.run(COMMAND, cwd=home, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {source.name} within {SECONDS} seconds: is its registry reachable?")
    if done.returncode != 0:
        pytest.skip(f"npm could not install {source.name}: {done.stderr.strip()[-500:]}")
    shutil.copy(source / "package-lock.json", home / "installed.json")
