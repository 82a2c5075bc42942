"""A small Bolt-for-Python app passes its ten-line test where nothing of ours is but the installed plugin."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slack_sandbox.testing import SlackSandbox

APP = Path(__file__).parent / "python"
PAGE = Path("docs/testing-slack-apps.md")
MAIN: list[str | Path] = [sys.executable, APP / "main.py"]


def run_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)


def test_the_ten_line_test_passes(tmp_path: Path) -> None:
    for name in ("greeter.py", "test_greeter.py"):
        shutil.copy(APP / name, tmp_path)
    done = run_tests(tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_failure_shows_the_transcript_and_the_tests_own_line(tmp_path: Path) -> None:
    shutil.copy(APP / "greeter.py", tmp_path)
    test = (APP / "test_greeter.py").read_text().replace('"Hello, Ben!"', '"Hello, Bernadette!"')
    workspace = "import pytest, slack_sandbox.testing as t\n@pytest.fixture\ndef slack():\n"
    workspace += "    with t.SlackSandbox(patience=0.5) as slack:\n        yield slack\n"
    (tmp_path / "test_greeter.py").write_text(test)
    (tmp_path / "conftest.py").write_text(workspace)
    shown = run_tests(tmp_path).stdout
    assert "A message with “Hello, Bernadette!” in #general did not appear within 0.5 seconds." in shown
    assert "App: Hello, *Ben*!" in shown
    assert "to the app    view_submission hello → acknowledged" in shown
    assert "connection.py" not in shown


@pytest.mark.parametrize("name", ["greeter.py", "test_greeter.py"])
def test_the_page_shows_exactly_this_code(name: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert (APP / name).read_text(encoding="utf-8") in blocks, f"{PAGE} shows another {name}"


def test_the_test_has_ten_lines() -> None:
    lines = [line for line in (APP / "test_greeter.py").read_text().splitlines() if line.strip()]
    assert len(lines) <= 10


@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket"])
def test_an_app_runs_as_a_process_of_its_own(slack: SlackSandbox, socket_mode: bool) -> None:
    slack.run([*MAIN, "--socket"] if socket_mode else MAIN, socket_mode=socket_mode)
    ada, general = slack.person("ada"), slack.channel("general")
    ada.mentions_app("are you there?", general)
    assert general.waits_for("At your service.").content["thread_ts"] == general.messages[0].ts
    ada.types("/hello", general)
    ada.sees_modal("Say hello").fill("Name", "Ben").submit()
    greeting = general.waits_for("Hello, Ben!")
    ada.clicks("Wave back", greeting)
    greeting.waits_for("ada waved back")
