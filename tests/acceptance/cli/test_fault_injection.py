"""Faults are armed in code, by the chaos bench: no environment variable kills a product process or disarms it."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine

from chaos.armed import KILL_AT, WITHOUT
from chaos.guards import TRIALS
from tests.acceptance.cli.processes import PROJECT, bare, really_said
from tests.world import TEAMS

PATIENCE = 60.0
KILL = "commit.before:1"
# Every name that ever did something, and those of the bench's own program.
SET_BY_MISTAKE = {
    "RUNBOOK_SABOTAGE": KILL,
    "RUNBOOK_WITHOUT": ",".join(TRIALS),
    KILL_AT: KILL,
    WITHOUT: ",".join(TRIALS),
}


@pytest.fixture
def environment(engine: Engine, tmp_path: Path) -> Mapping[str, str]:
    return {
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": "redis://127.0.0.1:9",
        "RUNBOOK_HOME": str(tmp_path / "home"),
        **SET_BY_MISTAKE,
    }


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    file = tmp_path / "teams.yaml"
    file.write_text(TEAMS)
    return file


def test_a_product_process_commits_whatever_the_environment_says(
    environment: Mapping[str, str], definitions: Path
) -> None:
    status, output = really_said(environment, "apply", str(definitions))
    assert status == 0, output


@pytest.fixture(scope="module")
def disabled() -> Mapping[str, bool]:
    """Whether each guard is switched off in a product process that has the bench's environment."""
    question = (
        f"from core.fault_injection import is_disabled; print([is_disabled(g) for g in {list(TRIALS)}])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", f"import cli.main; {question}"],
        cwd=PROJECT,
        env=bare(SET_BY_MISTAKE),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return dict(zip(TRIALS, json.loads(answer.stdout.lower()), strict=True))


@pytest.mark.parametrize("guard", TRIALS)
def test_a_product_process_keeps_its_guards_whatever_the_environment_says(
    disabled: Mapping[str, bool], guard: str
) -> None:
    assert not disabled[guard]


def test_the_bench_s_program_does_as_it_is_armed(environment: Mapping[str, str], definitions: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chaos.armed", "apply", str(definitions)],
        cwd=PROJECT,
        env=bare(environment),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
