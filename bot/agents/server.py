"""The Model Context Protocol server, on the official SDK: tools, resources and prompts over the same services as REST.

https://modelcontextprotocol.io/specification
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import mcp_types as types
import structlog
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from bot.agents.arguments import Wait
from bot.agents.data import NOTICE, Marker
from bot.agents.reading import ABOUT_TRIAGE, RUNBOOK, TEMPLATES, TRIAGE, listed, read, triage
from bot.agents.tools import TOOLS, Tool, schema_of
from bot.agents.waiting import Waiting
from bot.rest.field_errors import field_errors
from core.database import DATABASE_IS_AWAY
from core.decisions.people import Person
from core.decisions.policy import require_scope
from core.decisions.policy_table import Action
from core.errors import RunbookError
from core.fault_injection import fail_point
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

log = structlog.get_logger()
T = TypeVar("T")
Context = ServerRequestContext[Any, Any]

NAME = "runbook"
AGENT = "runbook.agent"  # the key of the request's scope under which the door puts the principal
INSTRUCTIONS = (
    "Runbooks of an operations team, run by its own workers. You may read incidents, plan runs and propose them; a "
    f"person approves each in Slack before anything is done. {NOTICE}"
)
AWAY = "The database cannot be reached just now. Nothing was changed; try again with the same key."
JSON = "application/json"
ANSWER = "mcp.answer"  # the point between what a tool has committed and its answer


class AgentServer:
    """Answers the requests of agents. Which agent asks is in the request's scope (bot.agents.door)."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, version: str) -> None:
        self._unit_of_work = unit_of_work
        self._marker = Marker(TOOLS)
        self._waiting = Waiting(unit_of_work)
        self.protocol: Server[Any] = Server(
            NAME,
            version=version,
            title="Runbook",
            instructions=INSTRUCTIONS,
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_templates,
            on_read_resource=self.read_resource,
            on_list_prompts=self.list_prompts,
            on_get_prompt=self.get_prompt,
        )

    async def list_tools(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(name, tool) for name, tool in TOOLS.items()])

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Call a tool. What goes wrong is a sentence for the model, which can do better next time."""
        tool = TOOLS.get(params.name)
        if tool is None:
            return _failed(f"There is no such tool. There are {', '.join(TOOLS)}.")
        try:
            agent = agent_of(context)
            require_scope(agent, tool.action)
            given = tool.takes.model_validate(params.arguments or {})
            if isinstance(given, Wait):
                await self._waiting.wait(context, agent, given)
            shown = await run_in_threadpool(self._act, lambda work: tool.act(work, agent, given))
            fail_point(ANSWER)
        except Exception as error:  # noqa: BLE001 the boundary of the protocol
            return _failed(_sentence(error, params.name))
        return _result(self._marker.render(shown), is_error="refused" in shown)

    def _act(self, act: Callable[[UnitOfWork], T]) -> T:
        return self._unit_of_work.run(act)

    async def list_resources(
        self, context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """List the runbooks. Runs are read by their ids, which the tools return."""
        agent = agent_of(context)
        rows = await self._read(agent, Action.DEFINITION_READ, lambda work: list(listed(work, agent)))
        return types.ListResourcesResult(
            resources=[
                types.Resource(uri=f"{RUNBOOK}{row.name}", name=row.name, mime_type=JSON) for row in rows
            ]
        )

    async def list_templates(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(uri_template=uri, name=name, description=about, mime_type=JSON)
                for uri, (name, about) in TEMPLATES.items()
            ]
        )

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        agent, uri = agent_of(context), str(params.uri)
        shown = await self._read(agent, Action.RUN_READ, lambda work: read(work, agent, uri))
        text = self._marker.render(shown)
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, text=text, mime_type=JSON)]
        )

    async def _read(self, agent: Person, action: Action, act: Callable[[UnitOfWork], T]) -> T:
        try:
            require_scope(agent, action)
            return await run_in_threadpool(self._act, act)
        except Exception as error:
            raise MCPError(types.INVALID_PARAMS, _sentence(error, "resource")) from error

    async def list_prompts(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        about = types.PromptArgument(
            name="incident", description="Its number, such as inc-12.", required=True
        )
        prompt = types.Prompt(
            name=TRIAGE, title="Triage an incident", description=ABOUT_TRIAGE, arguments=[about]
        )
        return types.ListPromptsResult(prompts=[prompt])

    async def get_prompt(
        self, _context: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        given: Mapping[str, str] = params.arguments or {}
        if params.name != TRIAGE or not given.get("incident"):
            raise MCPError(types.INVALID_PARAMS, f"The only prompt is {TRIAGE}, and it takes an `incident`.")
        text = types.TextContent(type="text", text=triage(given["incident"]))
        message = types.PromptMessage(role="user", content=text)
        return types.GetPromptResult(description=ABOUT_TRIAGE, messages=[message])


def agent_of(context: Context) -> Person:
    """Return the agent that the door let in."""
    assert context.request is not None, "every request comes over HTTP"
    agent: Person = context.request.scope[AGENT]
    return agent


def _described(name: str, tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(
        title=tool.title,
        read_only_hint=tool.only_reads,
        destructive_hint=tool.destroys,
        idempotent_hint=True,
        open_world_hint=False,
    )
    return types.Tool(
        name=name,
        title=tool.title,
        description=tool.description,
        input_schema=schema_of(tool),
        annotations=hints,
    )


def _result(text: str, *, is_error: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_error)


def _failed(sentence: str) -> types.CallToolResult:
    return _result(sentence, is_error=True)


def _sentence(error: Exception, what: str) -> str:
    """Return what the agent is told. Of what we did not foresee, only the log has the words."""
    if isinstance(error, ValidationError):
        wrong = field_errors([dict(each) | {"loc": ("body", *each["loc"])} for each in error.errors()])
        return " ".join(each.detail for each in wrong)
    if isinstance(error, RunbookError) and error.code != "internal":
        return str(error)
    if isinstance(error, DATABASE_IS_AWAY):
        return AWAY
    log.error("an agent's request failed", what=what, exc_info=error)
    return "Something went wrong on our side. An operator finds it in the log."
