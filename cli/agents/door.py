"""The address /mcp of `web`. Its library is optional, and loaded only where RUNBOOK_MCP is on."""

import importlib
from importlib.util import find_spec

from starlette.types import ASGIApp

from bot.web_origins import web_origin
from cli.compose import Composition
from cli.version import release
from core.errors import ConfigurationError


def check_installed(why: str) -> None:
    """Raise ConfigurationError if the extra `agents` is not installed. `why`: what needs it."""
    if find_spec("mcp") is None:
        raise ConfigurationError(f"{why}, but mcp is not installed.", hint="Install runbook[agents].")


def agent_door(composition: Composition) -> ASGIApp:
    """Return what answers at /mcp. Raises ConfigurationError if its library is not installed."""
    check_installed("RUNBOOK_MCP is on")
    work, origin = composition.unit_of_work, web_origin(composition.settings.public_url)
    module = importlib.import_module("bot.agents.door")
    door: ASGIApp = module.AgentDoor(work, work.limits, origin=origin, version=release())
    return door
