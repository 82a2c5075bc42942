"""A method of the Web API: its arguments (from a form, JSON, or a query string), its token, and its response.

A method is a plain function from a call to the body of the response.
https://docs.slack.dev/apis/web-api#http-requests, https://docs.slack.dev/authentication/tokens
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

from slack_sandbox.config import AppConfig
from slack_sandbox.rate_limits import Limit
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Channel
from slack_sandbox.workspace.state import Workspace

UNLOGGED = frozenset({"token", "client_secret", "code"})


class Arguments:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str) -> str:
        """The argument as text; empty when it was not given."""
        value = self._values.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """Raises SlackError ``invalid_arguments`` naming what is missing."""
        if not self.text(name):
            raise SlackError("invalid_arguments", [f"missing required field: {name}"])
        return self.text(name)

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """Raises SlackError ``invalid_arguments`` if it is not a whole number."""
        try:
            return int(self.text(name) or default)
        except ValueError as error:
            raise SlackError("invalid_arguments", [f"must be an integer: {name}"]) from error

    def names(self, name: str) -> list[str]:
        """A list of ids, given as a list or separated by commas."""
        value = self._values.get(name)
        parts = value if isinstance(value, list) else self.text(name).split(",")
        return [str(part).strip() for part in parts if str(part).strip()]

    def objects(self, name: str) -> list[Json]:
        """A JSON list of objects. Raises SlackError ``invalid_arguments`` when it is none, or empty."""
        value = self.structure(name, "invalid_arguments")
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise SlackError("invalid_arguments", [f"must be a list of objects: {name}"])
        return value

    def structure(self, name: str, error: str) -> Any:
        """A JSON argument, as such or as text; None when absent. Raises SlackError(error) on bad JSON."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError as bad:
            raise SlackError(error) from bad

    def as_sent(self) -> Json:
        """Everything but tokens and secrets, for the log."""
        return {name: value for name, value in self._values.items() if name not in UNLOGGED}

    def and_also(self, more: Json) -> "Arguments":
        return Arguments({**self._values, **more})


def parse_arguments(content_type: str, body: bytes, query: str) -> Arguments:
    """Raises SlackError: invalid_json, json_not_object, invalid_charset."""
    values: Json = dict(parse_qsl(query, keep_blank_values=True))
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SlackError("invalid_charset") from error
    if content_type.split(";")[0].strip().lower() == "application/json":
        return Arguments(values | _parse_json(text))
    return Arguments(values | dict(parse_qsl(text, keep_blank_values=True)))


def _parse_json(text: str) -> Json:
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value


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

    def own_channel(self, name: str = "channel") -> Channel:
        """A channel that the app is a member of. Raises SlackError ``not_in_channel``."""
        channel = self.channel(name)
        if self.app_user not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def channel(self, name: str = "channel") -> Channel:
        """The channel named by an argument, which the app may see. Raises SlackError."""
        return self.workspace.channel_for(self.app_user, self.arguments.text(name))


@dataclass(frozen=True)
class Method:
    """``run`` returns the answer without ``ok``; it raises SlackError to refuse."""

    run: Callable[[Call], Json]
    limit: Limit
    token: TokenKind = "bot"
    channel_argument: str = "channel"
    """The argument that names the channel: its kind decides which scope is asked for."""


def token_from(authorization_header: str, token_argument: str) -> str:
    """The token of a request: the bearer header, or else the ``token`` argument."""
    scheme, _, token = authorization_header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else token_argument


def refusal(app: AppConfig, token: str, needed: TokenKind) -> str | None:
    """Slack's name for why this token may not call a method that needs that kind, or None when it may."""
    if needed == "none":
        return None
    if not token:
        return "not_authed"
    kinds = {app.bot_token: "bot", app.app_token: "app"}
    if token not in kinds:
        return "invalid_auth"
    return None if kinds[token] == needed else "not_allowed_token_type"
