"""What a process shows of the secrets that it was started with."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from cli.environment import is_ours, is_secret
from cli.secret_handover import ON_STDIN
from cli.supervisor import Part, Running, addresses, start_process
from core.settings import Settings

# Secludes itself, and says what there is to see of it: memory of its start, its environment, what it knows itself.
SCRIPT = """
import ctypes, json, os, sys
from cli.environment import environment, seclude
initial = open("/proc/self/environ", "rb")
seclude()
print(json.dumps({
    "shown": initial.read().decode(),
    "environ": dict(os.environ),
    "known": dict(environment()),
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
}))
"""
GIVEN = {"SLACK_BOT_TOKEN": "xoxb-7", "RUNBOOK_SECRET_DB": "horse", "PGPASSWORD": "staple", "PORT": "1234"}


def test_a_secluded_process_shows_no_secret_and_knows_them_all() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **GIVEN},
        capture_output=True,
        text=True,
        check=True,
    )
    seen: dict[str, Any] = json.loads(done.stdout)

    assert not any(secret in seen["shown"] for secret in ("xoxb-7", "horse", "staple"))
    assert "PORT=1234" in seen["shown"]
    assert not {"SLACK_BOT_TOKEN", "RUNBOOK_SECRET_DB"} & seen["environ"].keys()
    assert seen["environ"]["PGPASSWORD"] == "staple", "libpq reads it"
    assert seen["known"].items() >= GIVEN.items()
    assert seen["dumpable"] == 0


@pytest.mark.parametrize(
    ("name", "value", "ours", "secret"),
    [
        ("DATABASE_URL", "postgresql://a", True, True),
        ("DATABASE_OWNER_URL", "x", True, True),
        ("RUNBOOK_SECRET_X_FILE", "/run/x", True, True),
        ("VAULT_TOKEN", "x", True, True),
        ("AWS_SECRET_ACCESS_KEY", "x", False, True),
        ("HTTPS_PROXY", "http://user:word@proxy:3128", False, True),
        ("HTTPS_PROXY", "http://proxy:3128", False, False),
        ("PATH", "/usr/bin", False, False),
        ("RUNBOOK_HOME", "/var/lib/runbook", False, False),
    ],
)
def test_which_variables_are_secrets(name: str, value: str, ours: bool, secret: bool) -> None:
    assert (is_ours(name), is_secret(name, value)) == (ours, secret)


# A part of a supervisor: what its environment was when it began, and what it was handed over.
CHILD = """
import json, os, sys
from cli.environment import environment
print(json.dumps({"known": environment().get("SLACK_BOT_TOKEN"), "stdin": sys.stdin.read()}))
"""


def test_a_supervisor_hands_secrets_over_and_never_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    started: list[dict[str, str]] = []
    popen = subprocess.Popen

    def start(*arguments: Any, **options: Any) -> Any:
        started.append(options["env"])
        return popen(*arguments, **options)

    (tmp_path / "a_child.py").write_text(CHILD)
    monkeypatch.setattr("cli.supervisor.subprocess.Popen", start)
    environment = {"SLACK_BOT_TOKEN": "xoxb-7", "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    running = Running(
        Part("child", "a_child", environment=environment, log=tmp_path / "log"), 0.0, start_process
    )

    assert running.process.wait(60) == 0
    assert "xoxb-7" not in "".join(started[0].values())
    assert started[0][ON_STDIN] == "1"
    assert json.loads((tmp_path / "log").read_text()) == {"known": "xoxb-7", "stdin": ""}


def test_no_process_of_ours_is_told_who_owns_the_tables() -> None:
    urls = {
        "DATABASE_URL": "postgresql://app@h/d",
        "DATABASE_OWNER_URL": "postgresql://owner@h/d",
        "REDIS_URL": "redis://h",
    }
    assert {"", urls["DATABASE_URL"], urls["REDIS_URL"]} == set(
        addresses(Settings.from_environment(urls)).values()
    )
