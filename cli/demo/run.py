"""Run the demo, with or without a browser."""

import threading

from cli.demo.sandbox_client import SandboxClient
from cli.demo.stage import APPROVER, REQUESTER, stage
from cli.demo.story import open_incident, play
from cli.demo.transcript import readable, transcript
from core.settings import Settings

WELCOME = """
The demo is running. Open this page; you are Bob, on call for team database:

    {page}

The orders database is down, Bob has opened an incident, and a workflow proposes db-failover.
Switch to Alice, a database admin (the menu at the top). The message shows what will be sent. Press Approve.
Watch the cluster fail over:  {targets}
Then try:  /runbook help

To add a runbook of your own, follow docs/tutorial.md. In a second terminal, begin with:

    . {environment}

Press Ctrl-C to end the demo.
"""


def run_demo(settings: Settings, stop: threading.Event) -> None:
    """Start everything, open the first incident, and stay until `stop` is set."""
    with stage(settings) as found:
        with SandboxClient(found.sandbox) as sandbox:
            channel = open_incident(found, sandbox)
        page = f"{found.sandbox}/?user={REQUESTER}&channel={channel}"
        welcome = WELCOME.format(page=page, targets=found.targets, environment=found.environment)
        print(welcome, flush=True)
        found.supervisor.watch(stop)


def run_headless(settings: Settings, *, refuse_promote: bool) -> bool:
    """Play the story and print the channel. Returns True if it ended well."""
    with (
        stage(settings, refuse_promote=refuse_promote) as found,
        SandboxClient(found.sandbox) as sandbox,
    ):
        ending = play(found, sandbox)
        print(f"Alice was asked to approve:\n\n{readable(str(ending.asked.get('text')))}\n")
        print(transcript(sandbox.messages(APPROVER, ending.channel)))
        complaint = ending.complaint
        caused_by = ending.payload.get("workflow_execution_id")
        print(
            f"\nThe primary is now {ending.cluster.get('primary')}. The workflow execution was {caused_by}."
        )
        print("The story ended well." if complaint is None else f"The story ended badly: {complaint}.")
        return complaint is None
