"""A client that nobody here wrote: the command line of the MCP Inspector, on the protocol's SDK for TypeScript.

It checks every answer by its own schemas of the protocol, and ends with a failure for one that does not fit.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.agents.tools import TOOLS
from tests.acceptance.agents.world import AgentWorld
from tests.npm import installed

PACKAGES = Path(__file__).parent / "inspector"
PATIENCE = 120.0
pytestmark = pytest.mark.timeout(PATIENCE * 4)


@pytest.fixture(scope="module")
def inspector() -> Path:
    scope = installed(PACKAGES) / "node_modules/@modelcontextprotocol"
    # It names itself by the package that it is usually part of, which brings a web page, too.
    (scope / "package.json").write_text('{"name": "inspector", "version": "1.0.3"}')
    return scope / "inspector-cli/build/cli.js"


def inspected(inspector: Path, world: AgentWorld, method: str, *more: str) -> Any:
    """The JSON that it prints."""
    given = ["--cli", f"{world.url}/mcp", "--transport", "http", "--method", method]
    header = ["--header", f"Authorization: Bearer {world.token}"]
    done = subprocess.run(
        ["node", str(inspector), *given, *more, *header],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


def test_it_accepts_the_tools_and_calls_them(inspector: Path, world: AgentWorld) -> None:
    tools = inspected(inspector, world, "tools/list")["tools"]
    assert [tool["name"] for tool in tools] == list(TOOLS)
    for tool in tools:
        assert tool["annotations"]["readOnlyHint"] is TOOLS[tool["name"]].only_reads
        assert tool["inputSchema"]["type"] == "object"
    called = ["--tool-name", "find_runbooks", "--tool-arg", "incident=inc-1"]
    answer = inspected(inspector, world, "tools/call", *called)
    assert not answer.get("isError")
    assert [each["name"] for each in json.loads(answer["content"][0]["text"])["runbooks"]] == ["failover"]


def test_it_accepts_the_resources_and_the_prompt(inspector: Path, world: AgentWorld) -> None:
    [runbook] = inspected(inspector, world, "resources/list")["resources"]
    assert runbook["uri"] == "runbook://runbooks/failover"
    [prompt] = inspected(inspector, world, "prompts/list")["prompts"]
    assert prompt["name"] == "triage_incident"
