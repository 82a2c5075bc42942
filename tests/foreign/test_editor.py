"""The editor of the pages: what its sources do, and that what is served was built from them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.npm import installed

SOURCES, SERVED = Path("editor"), Path("bot/pages/static")
BUILT = ("editor.js", "editor.LICENSE")


def test_the_cursor_is_found_and_the_schema_says_what_may_follow() -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed: apt-get install nodejs")
    done = subprocess.run(
        ["node", "--test"], cwd=SOURCES, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout


def test_what_is_served_is_what_the_sources_build(tmp_path: Path) -> None:
    packages = installed(SOURCES)
    shutil.copytree(SOURCES / "src", tmp_path / "src")
    shutil.copy(SOURCES / "build.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    out = tmp_path / "out"
    out.mkdir()
    build = ["node", "build.mjs", str(out)]
    done = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for name in BUILT:
        assert (out / name).read_bytes() == (SERVED / name).read_bytes(), f"npm run build in {SOURCES}/"
