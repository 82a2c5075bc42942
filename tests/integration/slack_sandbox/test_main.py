"""``python -m slack_sandbox`` as a process."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "slack_sandbox", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_stops_when_told(tmp_path: Path, ending: signal.Signals) -> None:
    workspace = tmp_path / "workspace.yaml"
    workspace.write_text("team: {name: Initech}\n")
    with start("--port", "0", "--workspace", str(workspace)) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        prefix, _, url = line.partition(": ")
        assert prefix == "Slack sandbox"
        answer = httpx2.get(f"{url}/sandbox/api/state", params={"user": "U0ALICE"}).json()
        assert answer["team"]["name"] == "Initech"
        process.send_signal(ending)
        _, errors = process.communicate(timeout=10)
    assert "Traceback" not in errors


def test_a_bad_workspace_file_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    with start("--workspace", str(tmp_path / "nowhere.yaml")) as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "nowhere.yaml cannot be used" in errors
    assert "Traceback" not in errors
