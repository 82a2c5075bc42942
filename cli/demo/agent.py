"""The demo's agent: a script, no model. It triages an incident over the Model Context Protocol, and says so."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from core.errors import Unavailable

Say = Callable[[str], None]
Answer = dict[str, Any]

SYMPTOM, RUNBOOK, PARAMETERS = "logins", "cache-flush", {"cache": "sessions"}
WHY = (
    "Logins are slow, and nothing was tried yet. The sessions' cache is often stale then, and flushing it is safe to "
    "repeat. It refills from the database, which puts some load on it for a minute."
)
ROUNDS = 60  # waits of half a minute: somebody may read for a while


@dataclass(frozen=True)
class DemoAgent:
    """The agent at `url`, with its token. `say`: where it says what it does."""

    url: str
    token: str
    say: Say

    def triage(self) -> Answer:
        """Triage the newest incident. Returns the run that it proposed, once it is over."""
        return anyio.run(self._triage)

    async def _triage(self) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=90, trust_env=False) as http,
            Client(streamable_http_client(f"{self.url}/mcp", http_client=http)) as client,
        ):
            incident = await self._look(client)
            run = await self._propose(client, incident)
            ended = await self._follow(client, run)
            outcome = f"{RUNBOOK} {ended['status']}. Watch whether logins are fast again."
            await _asked(client, "add_note", incident=incident, text=outcome, key=f"outcome of {run}")
            self.say(f"It writes into the timeline: {outcome}")
            return ended

    async def _look(self, client: Client) -> str:
        """Return the incident, if it is one that the script understands."""
        [newest, *_] = (await _asked(client, "find_incidents"))["incidents"]
        title = newest["untrusted"]["title"]
        shown = await _asked(client, "show_incident", incident=newest["id"])
        lines = len(shown["last_lines_of_its_timeline"])
        self.say(f"It reads inc-{newest['number']}, “{title}”, and its timeline of {lines} lines so far.")
        if SYMPTOM not in title.lower():
            raise Unavailable(f"The demo's agent understands only incidents about {SYMPTOM}.")
        return str(newest["id"])

    async def _propose(self, client: Client, incident: str) -> str:
        found = (await _asked(client, "find_runbooks", incident=incident))["runbooks"]
        self.say(f"It may propose {', '.join(each['name'] for each in found)}.")
        about = {"incident": incident, "runbook": RUNBOOK, "parameters": PARAMETERS}
        plan = await _asked(client, "plan_run", **about)
        steps = ", ".join(step["id"] for step in plan["steps"])
        self.say(f"It plans {RUNBOOK} of {PARAMETERS['cache']}: {steps}.")
        given = {**about, "plan": plan["plan"], "proposal": WHY, "key": f"triage of {incident}"}
        run = (await _asked(client, "propose_run", **given))["run"]
        self.say(f"It proposes {run['id']}. Nothing is done until somebody else than its owner approves.")
        return str(run["id"])

    async def _follow(self, client: Client, run: str) -> Answer:
        for _ in range(ROUNDS):
            seen: Answer = (await _asked(client, "wait_for_run", run=run, seconds=30))["run"]
            if seen["is_over"]:
                self.say(f"It reads the outcome: {seen['status']}.")
                return seen
        raise Unavailable("Nobody decided in half an hour, so the demo's agent gave up.")


async def _asked(client: Client, tool: str, /, **arguments: Any) -> Answer:
    """Return what the tool answered. Raises Unavailable, with the sentence, if it refused."""
    result = await client.call_tool(tool, arguments)
    [content] = result.content
    assert isinstance(content, TextContent), "our tools answer with text"
    if result.is_error:
        raise Unavailable(content.text)
    answer: Answer = json.loads(content.text)
    return answer
