"""What the inspector's page asks for."""

from dataclasses import dataclass

from starlette.requests import Request

from slack_sandbox.inspector import Inspector
from slack_sandbox.people.answers import number_after
from slack_sandbox.people.requests import Body
from slack_sandbox.values import Json

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Inspecting:
    inspector: Inspector

    async def traffic(self, request: Request) -> Json:
        """The exchanges with a number above `after`. With `wait`, as soon as there is one, or none after 20 seconds."""
        after = number_after(request.query_params.get("after", "")) or 0
        seconds = PATIENCE_SECONDS if request.query_params.get("wait") else 0.0
        exchanges = await self.inspector.wait_for_more(after, seconds)
        return {"ok": True, "exchanges": exchanges, "last": self.inspector.last}

    async def clear(self, _request: Request, _body: Body) -> Json:
        self.inspector.clear()
        return {"ok": True}
