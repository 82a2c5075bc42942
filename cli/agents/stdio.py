"""The server on standard input and output. It has no rights and no data of its own: it asks the service's /mcp.

So the machine of an agent needs the agent's token, and neither a database nor any other credential. Each request is one
exchange of its own with the service, which may be restarted in between.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types.version import LATEST_MODERN_VERSION

from cli.client.connection import IS_IT_UP, LOOPBACK
from cli.version import release
from core.errors import Unavailable

T = TypeVar("T")
Context = ServerRequestContext[Any, Any]
Handler = Callable[[Context, Any], Awaitable[Any]]

SECONDS = 90.0  # longer than the longest wait for a run
NO_ANSWER = (
    "The service did not answer. It may have done what you asked for: ask again, with the same key if any."
)


def serve(url: str, token: str) -> None:
    """Serve until standard input ends. Raises Unavailable if the service does not let the agent in."""
    anyio.run(_serve, url, token)


async def _serve(url: str, token: str) -> None:
    headers, is_near = {"Authorization": f"Bearer {token}"}, httpx2.URL(url).host in LOOPBACK
    async with httpx2.AsyncClient(headers=headers, timeout=SECONDS, trust_env=not is_near) as http:
        await _check(http, url)
        async with Client(streamable_http_client(url, http_client=http)) as service:
            instructions = service.instructions
        server = relay(Service(http, url), instructions)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


async def _check(http: httpx2.AsyncClient, url: str) -> None:
    """Say in a sentence why the service refuses, before the protocol turns it into an error of its own."""
    try:
        answer = await http.post(url, json={})
    except httpx2.TransportError as error:
        raise Unavailable(f"Nothing answers at {url}.", hint=IS_IT_UP) from error
    if answer.status_code in (404, 405):
        raise Unavailable(f"{url} is not there.", hint="Is RUNBOOK_MCP=on set for the service's `web`?")
    if answer.status_code in (401, 403, 429):
        raise Unavailable(str(answer.json()["error"]["message"]))


@dataclass(frozen=True)
class Service:
    """The service at `url`."""

    http: httpx2.AsyncClient
    url: str

    async def ask(self, request: Callable[[Client], Awaitable[T]]) -> T:
        """Return the answer. Raises MCPError if there is none."""
        transport = streamable_http_client(self.url, http_client=self.http)
        answers: list[T] = []
        try:
            async with Client(transport, mode=LATEST_MODERN_VERSION, cache=None) as client:
                answers.append(await request(client))
        except* httpx2.TransportError as group:
            raise MCPError(types.INTERNAL_ERROR, NO_ANSWER) from group
        return answers[0]


def relay(service: Service, instructions: str | None) -> Server[Any]:
    """Return a server that hands every request to the service, and every answer back."""

    def handing(request: Callable[[Client, Any], Awaitable[Any]]) -> Handler:
        async def handle(_context: Context, params: Any) -> Any:
            return await service.ask(lambda client: request(client, params))

        return handle

    async def call_tool(context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        progress = context.session.report_progress
        return await service.ask(
            lambda client: client.call_tool(params.name, params.arguments, progress_callback=progress)
        )

    return Server(
        "runbook",
        version=release(),
        title="Runbook",
        instructions=instructions,
        on_call_tool=call_tool,
        on_list_tools=handing(lambda client, _: client.list_tools()),
        on_list_resources=handing(lambda client, _: client.list_resources()),
        on_list_resource_templates=handing(lambda client, _: client.list_resource_templates()),
        on_read_resource=handing(lambda client, params: client.read_resource(str(params.uri))),
        on_list_prompts=handing(lambda client, _: client.list_prompts()),
        on_get_prompt=handing(lambda client, params: client.get_prompt(params.name, params.arguments)),
    )
