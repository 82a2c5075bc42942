"""The server on standard input and output. It has no rights and no data of its own: it asks the service's /mcp.

So the machine of an agent needs the agent's token, and neither a database nor any other credential.
"""

from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

from cli.client.connection import IS_IT_UP, LOOPBACK
from cli.version import release
from core.errors import Unavailable

Context = ServerRequestContext[Any, Any]
Page = types.PaginatedRequestParams | None
SECONDS = 90.0  # longer than the longest wait for a run


def serve(url: str, token: str) -> None:
    """Serve until standard input ends. Raises Unavailable if the service does not let the agent in."""
    anyio.run(_serve, url, token)


async def _serve(url: str, token: str) -> None:
    client = httpx2.AsyncClient(
        headers={"Authorization": f"Bearer {token}"},
        timeout=SECONDS,
        trust_env=httpx2.URL(url).host not in LOOPBACK,
    )
    async with client:
        await _check(client, url)
        async with Client(streamable_http_client(url, http_client=client)) as service:
            server = relay(service)
            async with stdio_server() as (incoming, outgoing):
                await server.run(incoming, outgoing, server.create_initialization_options())


async def _check(client: httpx2.AsyncClient, url: str) -> None:
    """Say in a sentence why the service refuses, before the protocol turns it into an error of its own."""
    try:
        answer = await client.post(url, json={})
    except httpx2.TransportError as error:
        raise Unavailable(f"Nothing answers at {url}.", hint=IS_IT_UP) from error
    if answer.status_code == 404:
        raise Unavailable(f"{url} is not there.", hint="Is RUNBOOK_MCP=on set for the service's `web`?")
    if answer.status_code in (401, 403, 429):
        raise Unavailable(str(answer.json().get("detail", answer.text)))


def relay(service: Client) -> Server[Any]:
    """Return a server that hands every request to the service, and every answer back."""

    async def call_tool(context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        progress = context.session.report_progress
        return await service.call_tool(params.name, params.arguments, progress_callback=progress)

    async def list_tools(_context: Context, _params: Page) -> types.ListToolsResult:
        return await service.list_tools()

    async def list_resources(_context: Context, _params: Page) -> types.ListResourcesResult:
        return await service.list_resources()

    async def list_templates(_context: Context, _params: Page) -> types.ListResourceTemplatesResult:
        return await service.list_resource_templates()

    async def read_resource(
        _context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        return await service.read_resource(str(params.uri))

    async def list_prompts(_context: Context, _params: Page) -> types.ListPromptsResult:
        return await service.list_prompts()

    async def get_prompt(_context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        return await service.get_prompt(params.name, params.arguments)

    return Server(
        "runbook",
        version=release(),
        title="Runbook",
        instructions=service.instructions,
        on_call_tool=call_tool,
        on_list_tools=list_tools,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )
