"""docs/tutorial.md, played as it is written, against the processes of a demo."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos.forkserver_client import Forkserver
from cli.demo.run import WELCOME
from cli.demo.sandbox_client import SandboxClient
from cli.demo.stage import REQUESTER, Stage, stage
from cli.demo.story import open_incident
from core.settings import Settings
from tests.forkserver import ForkedStart

TUTORIAL = (Path(__file__).parents[3] / "docs/tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# (\S+)\n")
ENDED = "the block has ended"
PATIENCE = 90.0  # seconds
pytestmark = pytest.mark.timeout(4 * PATIENCE)


@pytest.fixture
def demo(tmp_path: Path, forkserver: Forkserver) -> Iterator[Stage]:
    """The demo in a folder that looks like the project's: its home is there, and so are the commands."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    settings = Settings.from_environment({"RUNBOOK_HOME": str(tmp_path / ".runbook"), "PORT": "0"})
    with stage(settings, start=ForkedStart(forkserver)) as found:
        yield found


class Reader:
    """Somebody who does what the tutorial says: in the folder, in one terminal, and in the channel as Bob."""

    def __init__(self, folder: Path, sandbox: SandboxClient, channel: str) -> None:
        self.folder, self.sandbox, self.channel = folder, sandbox, channel
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("RUNBOOK", "DATABASE"))
        }
        self.terminal = subprocess.Popen(
            ["bash", "-e"],
            cwd=folder,
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def do(self, kind: str, block: str) -> str:
        """Do what a block says, and return what the terminal says to it."""
        return {"sh": self.type, "yaml": self.save, "slack": self.say}[kind](block)

    def type(self, commands: str) -> str:
        assert self.terminal.stdin is not None
        assert self.terminal.stdout is not None
        self.terminal.stdin.write(f"{commands}\necho {ENDED}\n")
        self.terminal.stdin.flush()
        said = list(iter(self.terminal.stdout.readline, f"{ENDED}\n"))
        assert self.terminal.poll() is None, f"{commands}\nsays:\n{''.join(said)}"
        return "".join(said)

    def save(self, document: str) -> str:
        name = FILE.match(document)
        assert name is not None, "a document says in its first line as what to save it"
        file = self.folder / name[1]
        file.parent.mkdir(exist_ok=True)
        file.write_text(document)
        return ""

    def say(self, text: str) -> str:
        before = len(self.told(self.channel))
        self.sandbox.say(REQUESTER, self.channel, text.strip())
        until(lambda: "succeeded" in str(self.told(self.channel)[before:]))
        return ""

    def told(self, channel: str) -> list[str]:
        return [str(message["text"]) for message in self.sandbox.messages(REQUESTER, channel)]

    def close(self) -> None:
        self.terminal.kill()
        self.terminal.communicate()


@pytest.fixture
def reader(demo: Stage, tmp_path: Path) -> Iterator[Reader]:
    with SandboxClient(demo.sandbox) as sandbox:
        found = Reader(tmp_path, sandbox, open_incident(demo, sandbox))
        yield found
        found.close()


def until(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline, f"nothing came of it in {PATIENCE:g} s"
        time.sleep(0.1)


def test_the_tutorial_works_as_it_is_written(reader: Reader) -> None:
    said = "".join(reader.do(kind, block) for kind, block in BLOCK.findall(TUTORIAL))
    assert "2 tests, 0 failed." in said, said

    def proposed() -> str | None:
        channels = reader.sandbox.channels(REQUESTER)
        return next((channels[name] for name in channels if "orders-are-slow" in name), None)

    until(proposed)
    channel = str(proposed())
    until(lambda: "The replica of orders is" in str(reader.told(channel)))
    assert "check-on-alert" in str(reader.sandbox.messages(REQUESTER, channel))


def test_the_demo_says_how_a_second_terminal_begins() -> None:
    assert ". {environment}" in WELCOME
    assert ". .runbook/demo.env" in TUTORIAL
