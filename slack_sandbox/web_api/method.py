"""What a Web API method is: a plain function from a call to the body of its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from slack_sandbox.json_types import Json
from slack_sandbox.rate_limits import Limit
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.web_api.arguments import Arguments
from slack_sandbox.workspace.models import Channel
from slack_sandbox.workspace.state import Workspace

TokenKind = Literal["bot", "app", "none"]


@dataclass(frozen=True)
class Call:
    """One call of a method. ``origin`` is where the caller reached us, such as ``http://127.0.0.1:3100``."""

    arguments: Arguments
    sandbox: Sandbox
    now: datetime
    origin: str

    @property
    def workspace(self) -> Workspace:
        return self.sandbox.workspace

    @property
    def app_user(self) -> str:
        return self.workspace.app.bot_user_id

    def channel(self, name: str = "channel") -> Channel:
        """The channel named by an argument, which the app may see. Raises SlackError."""
        return self.workspace.channel_for(self.app_user, self.arguments.text(name))


@dataclass(frozen=True)
class Method:
    """``run`` returns the answer without ``ok``; it raises SlackError to refuse."""

    run: Callable[[Call], Json]
    limit: Limit
    token: TokenKind = "bot"
