"""An agent over HTTP, with the official client: it reads, plans, proposes, waits, and reads the outcome."""

import json
from functools import partial
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent, TextResourceContents

from bot.agents.tools import TOOLS
from tests.acceptance.agents.world import AGENT, AgentWorld, agent_token, proposal, refused, said

MODES = ["auto", "legacy"]


@pytest.mark.parametrize("mode", MODES)
def test_from_the_incident_to_the_outcome(world: AgentWorld, mode: str) -> None:
    """In each era of the protocol: with and without a handshake."""

    async def play() -> None:
        async with world.client(mode=mode) as client:
            assert client.instructions is not None
            assert {tool.name for tool in (await client.list_tools()).tools} == set(TOOLS)
            [found] = (await said(client, "find_incidents"))["incidents"]
            assert found["untrusted"]["title"] == "Orders down"
            [fits] = (await said(client, "find_runbooks", incident=found["id"]))["runbooks"]
            assert (fits["name"], fits["made_for_this_incident"]) == ("failover", True)
            answer = await said(client, "propose_run", **await proposal(client))
            run = answer["run"]["id"]
            await anyio.to_thread.run_sync(world.work)
            assert world.target.calls == []
            assert (await said(client, "show_run", run=run))["run"]["waiting_for"] == "approval"
            await followed(world, client, run)
            await said(client, "add_note", incident=found["id"], text="It took over.", key="n1")
            shown = await said(client, "show_incident", incident=found["id"])
            assert "It took over." in str(shown["last_lines_of_its_timeline"])

    anyio.run(play)
    assert world.target.paths() == ["/lag", "/promote?of=orders"]


async def followed(world: AgentWorld, client: Any, run: str) -> None:
    """The agent waits while a person approves, and the worker works."""
    told: list[str | None] = []

    async def progress(_progress: float, _total: float | None, message: str | None) -> None:
        told.append(message)

    async def approve() -> None:
        await anyio.sleep(0.3)
        await anyio.to_thread.run_sync(partial(world.decide, run))
        await anyio.to_thread.run_sync(world.work)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(approve)
        result = await client.call_tool(
            "wait_for_run", {"run": run, "seconds": 20}, progress_callback=progress
        )
    ended = json.loads(result.content[0].text)["run"]
    assert (ended["status"], ended["is_over"]) == ("succeeded", True)
    assert told[0] == "waiting, for approval"
    assert told[-1] == "succeeded"


def test_the_same_key_finds_the_run_and_a_plan_that_changed_is_refused(world: AgentWorld) -> None:
    async def play() -> None:
        async with world.client() as client:
            arguments = await proposal(client)
            first = await said(client, "propose_run", **arguments)
            again = await said(client, "propose_run", **arguments)
            assert (first["is_new"], again["is_new"]) == (True, False)
            assert again["run"]["id"] == first["run"]["id"]
            other = arguments | {"parameters": {"cluster": "users"}}
            assert "already used for another proposal" in await refused(client, "propose_run", **other)
            sentence = await refused(client, "propose_run", **(other | {"key": "k2"}))
            assert "would not send what was planned" in sentence

    anyio.run(play)


def test_a_wait_is_bounded(world: AgentWorld) -> None:
    async def play() -> None:
        async with world.client() as client:
            run = (await said(client, "propose_run", **await proposal(client)))["run"]["id"]
            with anyio.fail_after(10):
                waited = await said(client, "wait_for_run", run=run, seconds=1)
            assert not waited["run"]["is_over"]
            assert "at most 60" in await refused(client, "wait_for_run", run=run, seconds=3600)

    anyio.run(play)


def test_what_is_not_for_it_is_not_there(world: AgentWorld) -> None:
    async def play() -> None:
        async with world.client() as client:
            about = {"incident": "1", "parameters": {}}
            assert "not for agents" in await refused(client, "plan_run", runbook="people-only", **about)
            missing = await refused(client, "plan_run", runbook="of-nobody", **about)
            others = await refused(client, "plan_run", runbook="of-web", **about)
            assert others.replace("of-web", "of-nobody") == missing
            assert "no such tool" in await refused(client, "approve_run", run="rbx_1")
            assert "run is missing" in await refused(client, "show_run")
            wrong = await refused(client, "add_note", incident="1", text="a\0b", key="k")
            assert "text" in wrong
        async with world.client(agent_token(world.unit_of_work, "other", "web", "U0WEB")) as stranger:
            assert (await said(stranger, "find_incidents"))["incidents"] == []
            assert "no incident" in await refused(stranger, "show_incident", incident="1")

    anyio.run(play)


def test_it_withdraws_what_it_proposed(world: AgentWorld) -> None:
    async def play() -> None:
        async with world.client() as client:
            run = (await said(client, "propose_run", **await proposal(client)))["run"]["id"]
            assert (await said(client, "cancel_run", run=run))["run"]["status"] == "cancelled"
        async with world.client(agent_token(world.unit_of_work, "second")) as client:
            second = (await said(client, "propose_run", **await proposal(client)))["run"]["id"]
        async with world.client() as client:
            assert "not proposed by you" in await refused(client, "cancel_run", run=second)

    anyio.run(play)


def test_resources_and_the_prompt(world: AgentWorld) -> None:
    async def play() -> None:
        async with world.client() as client:
            run = (await said(client, "propose_run", **await proposal(client)))["run"]
            assert run["requested_by"] == AGENT
            names = [each.name for each in (await client.list_resources()).resources]
            assert names == ["failover"]
            assert len((await client.list_resource_templates()).resource_templates) == 2
            [whole] = (await client.read_resource("runbook://runbooks/failover")).contents
            assert isinstance(whole, TextResourceContents)
            assert "promote" in whole.text
            [transcript] = (await client.read_resource(f"runbook://runs/{run['id']}")).contents
            assert isinstance(transcript, TextResourceContents)
            assert json.loads(transcript.text)["run"]["id"] == run["id"]
            with pytest.raises(MCPError, match="There is no execution"):
                await client.read_resource("runbook://runs/rbx_none")
            [prompt] = (await client.list_prompts()).prompts
            [message] = (await client.get_prompt(prompt.name, {"incident": "inc-1"})).messages
            assert isinstance(message.content, TextContent)
            assert "incident inc-1" in message.content.text

    anyio.run(play)
