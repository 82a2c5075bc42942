"""Installing the JavaScript app's packages with npm: once a machine, and never for longer than a minute."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

APP = Path(__file__).parent / "javascript"
HOME = Path(".venv/foreign-javascript").absolute()
SECONDS = 60
COMMAND = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")


def installed_app() -> Path:
    """Return a folder with the app and its packages. Skips the test if there is no npm, or no registry."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed: apt-get install nodejs npm")
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers are processes of their own
        if not _is_installed():
            _install()
    shutil.copy(APP / "app.js", HOME)
    return HOME


def _is_installed() -> bool:
    """True if the packages are those of this lock file."""
    marker = HOME / "installed.json"
    return marker.is_file() and marker.read_bytes() == (APP / "package-lock.json").read_bytes()


def _install() -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(APP / name, HOME)
    try:
        done = subprocess.run(COMMAND, cwd=HOME, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install @slack/bolt within {SECONDS} seconds: is its registry reachable?")
    if done.returncode != 0:
        pytest.skip(f"npm could not install @slack/bolt: {done.stderr.strip()[-500:]}")
    shutil.copy(APP / "package-lock.json", HOME / "installed.json")
