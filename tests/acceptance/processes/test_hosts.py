"""Eight hosts on a network of their own: some are cut off, one is lost, some are restarted, and nothing is lost."""

import re
import subprocess
import sys

import pytest

from chaos.hosts.namespaces import missing


@pytest.mark.timeout(600)
def test_nothing_is_lost_when_hosts_are_cut_off_lost_and_restarted() -> None:
    """The checker of the campaigns judges: each promise has a line, and each broken one makes the exit status 1."""
    if (sentence := missing()) is not None:
        pytest.skip(sentence)
    done = subprocess.run(
        [sys.executable, "-m", "chaos.hosts", "--short"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "executions lost or duplicated: 0 (checked " in done.stdout
    taken_over = re.search(r"taken over from hosts that met a fault: (\d+)", done.stdout)
    assert taken_over is not None
    assert int(taken_over[1]) > 0, "no host held a run when it met its fault: nothing was shown"
