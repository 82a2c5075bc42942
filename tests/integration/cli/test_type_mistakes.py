"""A mistake in the file of a package's step type ends every process with three lines."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.core.definitions.test_type_mistakes import package


# What each mistake leads to is tested with the types themselves; here each kind of process meets one.
@pytest.mark.parametrize(
    ("command", "body", "reason"),
    [
        (["validate", "examples"], "    limit = 3\n", "non-annotated attribute"),
        (["worker"], "    limit: object() = 3\n", "Odd"),
        (["schema", "runbook"], "    limit: 'NotThere' = 3\n", "NotThere"),
    ],
    ids=["validate", "worker", "schema"],
)
def test_a_process_ends_with_a_sentence_and_no_traceback(
    tmp_path: Path, body: str, reason: str, command: list[str]
) -> None:
    package(tmp_path, "acme_odd", "step", body)
    installed = tmp_path / "acme_odd-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-odd\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[runbook.steps]\nodd = acme_odd.odd:Odd\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "RUNBOOK_HOME": str(tmp_path / "home")}
    environment |= {"DATABASE_URL": "postgresql://127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9/0"}
    ended = subprocess.run(
        [sys.executable, "-m", "cli", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 3
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "odd.py" in ended.stderr
    assert reason in ended.stderr
