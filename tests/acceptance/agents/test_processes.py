"""Whole processes: `runbook mcp` on standard input, before a `runbook web` that is killed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError
from redis import Redis
from sqlalchemy import Engine, select

from bot.agents.server import ANSWER
from chaos.armed import KILL_AT
from cli.agents import door
from cli.compose import Composition
from cli.demo.stage import port_near
from cli.main import command_line
from core.errors import ConfigurationError
from core.settings import Settings
from core.tables import RunbookExecution
from tests.acceptance.agents.world import AgentWorld, proposal, said

PATIENCE = 60.0
RUNBOOK = [sys.executable, "-m", "cli"]


@pytest.fixture
def environment(engine: Engine, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "RUNBOOK_HOME": str(tmp_path),
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "secret",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "PORT": str(port_near(0)),
        "RUNBOOK_MCP": "on",
        "PATH": os.environ["PATH"],
    }


@contextmanager
def web(environment: Mapping[str, str], *program: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`runbook web`, or another program that is it, as soon as it answers."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*(program or RUNBOOK), "web"], env=environment, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(environment["PORT"]):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


def _answers(port: str) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).is_success
    except httpx2.TransportError:
        return False


@asynccontextmanager
async def on_standard_input(environment: Mapping[str, str], token: str) -> Any:
    """The official client, before a `runbook mcp` that has a token and no other credential."""
    given = {"RUNBOOK_TOKEN": token, "RUNBOOK_URL": f"http://127.0.0.1:{environment['PORT']}"}
    server = StdioServerParameters(command=RUNBOOK[0], args=[*RUNBOOK[1:], "mcp"], env=given)
    async with Client(server) as client:
        yield client


@pytest.mark.timeout(180)
def test_a_server_that_is_killed_between_proposal_and_answer_has_one_run_and_finds_it(
    world: AgentWorld, environment: dict[str, str], tmp_path: Path
) -> None:
    armed = environment | {KILL_AT: f"{ANSWER}:2"}  # the first tool that answers is plan_run

    async def play() -> None:
        async with on_standard_input(environment, world.token) as client:
            arguments = await proposal(client)
            with pytest.raises(MCPError):
                await client.call_tool("propose_run", arguments)
            assert await anyio.to_thread.run_sync(killed.wait, PATIENCE) == -9
            [made] = runs(world)
            with web(environment, log=tmp_path / "second"):
                found = await said(client, "propose_run", **arguments)
                assert (found["run"]["id"], found["is_new"]) == (made, False)
                waited: list[str | None] = []

                async def progress(_now: float, _all: float | None, message: str | None) -> None:
                    waited.append(message)

                about = {"run": made, "seconds": 1}
                await client.call_tool("wait_for_run", about, progress_callback=progress)
                assert waited == ["pending"]

    with web(armed, sys.executable, "-m", "chaos.armed", log=tmp_path / "first") as killed:
        anyio.run(play)
    assert len(runs(world)) == 1


def runs(world: AgentWorld) -> list[str]:
    with world.unit_of_work.begin() as work:
        return list(work.session.scalars(select(RunbookExecution.id)))


@pytest.mark.parametrize(
    ("token", "url", "sentence"),
    [
        ("", "", "RUNBOOK_TOKEN is not set: it must be an agent's token. A platform admin creates one with"),
        ("rbt_wrong", "", "An agent's token is required"),
        ("x", "http://127.0.0.1:9", "Nothing answers at http://127.0.0.1:9/mcp. Is the service running?"),
    ],
)
def test_it_says_why_it_does_not_start(
    world: AgentWorld, monkeypatch: pytest.MonkeyPatch, token: str, url: str, sentence: str
) -> None:
    assert sentence in said_by_the_command(monkeypatch, token, url or world.url)


def test_without_its_library_the_command_and_the_door_say_what_to_install(
    world: AgentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "find_spec", lambda _: None)
    sentence = said_by_the_command(monkeypatch, "x", world.url)
    assert sentence.endswith("but mcp is not installed. Install runbook[agents].")
    settings = Settings.from_environment({"RUNBOOK_MCP": "on"})
    with pytest.raises(
        ConfigurationError, match=r"RUNBOOK_MCP is on, but mcp is not .* Install runbook\[agents\]"
    ):
        door.agent_door(Composition(settings, world.unit_of_work, Redis(), world.unit_of_work))


def said_by_the_command(monkeypatch: pytest.MonkeyPatch, token: str, url: str) -> str:
    """The sentence with which `runbook mcp` ends."""
    monkeypatch.setenv("RUNBOOK_TOKEN", token)
    monkeypatch.setenv("RUNBOOK_URL", url)
    monkeypatch.setattr(sys, "argv", ["runbook", "mcp"])
    with pytest.raises(SystemExit) as ended:
        command_line()
    return str(ended.value.code).strip()
