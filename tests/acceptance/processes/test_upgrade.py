"""The last release's code runs beside this one's, on one database, under load; then everything goes back."""

import re
import subprocess
import sys

import pytest

from chaos.releases.last_release import name_of_last_release


@pytest.mark.timeout(600)
def test_an_upgrade_and_a_rollback_lose_nothing_and_keep_nobody_waiting() -> None:
    """An upgrade is no fault: the checker excuses no repeated call, no question for a verdict, no second message."""
    try:
        name_of_last_release()
    except LookupError as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [sys.executable, "-m", "chaos.releases", "--short"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "requests that failed in all: 0 of " in done.stdout, done.stdout
    shared = re.search(r"both releases worked on (\d+) of the executions", done.stdout)
    assert shared is not None
    assert int(shared[1]) > 0, "no run went from one release to the other: nothing was shown"
