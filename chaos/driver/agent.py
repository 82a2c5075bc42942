"""An agent that proposes runs over the Model Context Protocol, and repeats with the same key what is not answered."""

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx2

from chaos.environment import AGENT, Environment

SECONDS = 10.0
PATIENCE = 60.0  # seconds for which an unanswered proposal is repeated
PAUSE_SECONDS = 0.3
NOT_NOW = ("The database", "Something went wrong")  # how a sentence begins that is no refusal
HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}

Answer = dict[str, Any]


class Agent:
    """A client of the load balancer in front of the web processes."""

    def __init__(self, environment: Environment) -> None:
        headers = {"Authorization": f"Bearer {environment.tokens[AGENT]}", **HEADERS}
        limits = httpx2.Limits(max_keepalive_connections=0)  # a web process may die between two requests
        self._client = httpx2.Client(
            base_url=environment.web, timeout=SECONDS, limits=limits, headers=headers, trust_env=False
        )

    def close(self) -> None:
        self._client.close()

    def propose(self, incident: str, runbook: str, parameters: dict[str, str], key: str) -> Answer | None:
        """Return the answer, `{"run": …}` or `{"refused": …}`; None if there was none within PATIENCE seconds."""
        about = {"incident": incident, "runbook": runbook, "parameters": parameters}
        planned = self._insist("plan_run", about)
        if planned is None or "plan" not in planned:
            return planned
        return self._insist(
            "propose_run", {**about, "plan": planned["plan"], "proposal": "So be it.", "key": key}
        )

    def _insist(self, tool: str, arguments: Mapping[str, object]) -> Answer | None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._attempt(tool, arguments)
            if answer is not None:
                return answer
            time.sleep(PAUSE_SECONDS)
        return None

    def _attempt(self, tool: str, arguments: Mapping[str, object]) -> Answer | None:
        call = {"name": tool, "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        try:
            answer = self._client.post("/mcp", json=body)
        except httpx2.TransportError:
            return None
        return None if answer.is_server_error else _read(answer.text)


def _read(text: str) -> Answer | None:
    """Return what the tool said; None if it could not say anything just now, or the answer was cut."""
    data = next((line[6:] for line in text.splitlines() if line.startswith("data: {")), text)
    try:
        said = json.loads(data)["result"]["content"][0]["text"]
    except (ValueError, KeyError):
        return None
    if said.startswith(NOT_NOW):
        return None
    found: Answer = json.loads(said) if said.startswith("{") else {"refused": said}
    return found
