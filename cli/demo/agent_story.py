"""The demo with an agent: it proposes a run, Alice approves it in the channel, and it reads the outcome."""

import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cli.agents.door import check_installed
from cli.compose import Composition
from cli.demo.sandbox_client import SandboxClient
from cli.demo.stage import APPROVER, CHANNEL, REQUESTER, Stage, stage
from cli.demo.story import incident_channel, until, with_button
from cli.demo.transcript import readable, transcript
from cli.operator import OPERATOR
from cli.supervisor import Start, start_process
from core.errors import RunbookError
from core.services.access.tokens import Grant, create_agent_token
from core.settings import Settings

OPENING = '/runbook incident open "Logins are slow" severity=medium service=logins team=database'
WELCOME = """
The demo is running, with an agent for which Bob is responsible. Open this page:

    {page}

You are Alice, a database admin. The agent has proposed to flush a cache. Read what it says, and what will be sent.
Then press Approve, or Reject. Bob (the menu at the top) cannot: he is behind the agent.

Press Ctrl-C to end the demo.

What the agent does:
"""


def run_demo_with_agent(settings: Settings, stop: threading.Event) -> None:
    """Start everything, let the agent triage an incident, and stay until `stop` is set."""
    check_installed("`runbook demo --agent` speaks the Model Context Protocol")
    with stage(settings, agents=True) as found, ThreadPoolExecutor(1) as threads:
        with SandboxClient(found.sandbox) as sandbox:
            channel = _open(sandbox)
        page = f"{found.sandbox}/?user={APPROVER}&channel={channel}"
        print(WELCOME.format(page=page), flush=True)
        threads.submit(_triage_and_say, _agent(found))
        found.supervisor.watch(stop)


def run_headless_with_agent(settings: Settings, start: Start = start_process) -> bool:
    """Play the story and print the channel. Returns True if it ended well. `start`: as for the stage."""
    check_installed("`runbook demo --agent` speaks the Model Context Protocol")
    with stage(settings, agents=True, start=start) as found, SandboxClient(found.sandbox) as sandbox:
        channel = _open(sandbox)
        with ThreadPoolExecutor(1) as threads:
            triaged = threads.submit(_agent(found).triage)
            gate = until("the approval message", lambda: with_button(sandbox, channel, "approval.approve"))
            sandbox.press(APPROVER, channel, gate, "approval.approve")
            ended = triaged.result()
        print(f"\nAlice was asked to approve:\n\n{readable(str(gate.get('text')))}\n")
        print(transcript(sandbox.messages(APPROVER, channel)))
        is_well = ended["status"] == "succeeded" and "requested by agent triage" in str(gate.get("text"))
        print("\nThe story ended well." if is_well else f"\nThe story ended badly: {ended['status']}.")
        return is_well


def _open(sandbox: SandboxClient) -> str:
    """Open an incident as Bob. Returns its channel."""
    sandbox.say(REQUESTER, CHANNEL, OPENING)
    return until("the incident's channel", lambda: incident_channel(sandbox))


def _agent(found: Stage) -> Any:
    """Return the agent, with a token for which Bob is responsible."""
    with Composition.of(found.settings) as composition, composition.unit_of_work.begin() as work:
        token = create_agent_token(work, OPERATOR, "triage", Grant(team="database"), owner=REQUESTER)
    return importlib.import_module("cli.demo.agent").DemoAgent(found.web, token, _say)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def _triage_and_say(agent: Any) -> None:
    try:
        agent.triage()
    except RunbookError as error:
        _say(str(error))
