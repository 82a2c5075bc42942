"""`runbook demo --headless`: the whole story, and an exit status that says how it ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.forkserver_client import Forkserver
from cli.demo.agent_story import run_headless_with_agent
from core.settings import Settings
from tests.forkserver import ForkedStart

PATIENCE = 200  # seconds: eight processes start on a machine that has other things to do
pytestmark = pytest.mark.timeout(PATIENCE + 40)


def headless(home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--headless"],
        env={**os.environ, "RUNBOOK_HOME": str(home), "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_story_ends_well_and_says_which_workflow_caused_it(tmp_path: Path) -> None:
    played = headless(tmp_path)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "The story ended well." in played.stdout
    assert "The primary is now orders-db-2. The workflow execution was wfx_" in played.stdout
    assert list(tmp_path.iterdir()) == [], "a demo leaves nothing behind"
    assert not any(markup in played.stdout for markup in ("<!date^", "<@U", "<#C", "&lt;", "<http"))


def test_an_agent_proposes_and_alice_approves(
    tmp_path: Path, forkserver: Forkserver, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.from_environment({"RUNBOOK_HOME": str(tmp_path), "PORT": "0"})
    is_well = run_headless_with_agent(settings, ForkedStart(forkserver))
    printed = capsys.readouterr().out
    assert is_well, printed
    assert "requested by agent triage" in printed
    assert "It reads the outcome: succeeded." in printed
    assert "The story ended well." in printed
