"""A Slack workspace for one test."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from slack_sandbox.config import WorkspaceConfig
from slack_sandbox.faults import Fault
from slack_sandbox.serving import RunningSandbox
from slack_sandbox.testing.apps import (
    SocketHandler,
    WebApp,
    answers_at,
    connected,
    free_port,
    running,
    serving,
)
from slack_sandbox.testing.connection import Connection
from slack_sandbox.testing.failures import NotFound
from slack_sandbox.testing.people import Person
from slack_sandbox.testing.places import Channel
from slack_sandbox.testing.workspace import small_workspace
from slack_sandbox.values import Json

PATH = "/slack/events"
PATIENCE = 10.0


class SlackSandbox:
    """A workspace in this process, on a port of its own: `with SlackSandbox() as slack: …`. Tests may run in parallel.

    `patience`: the seconds that a test waits for what the app shall show.
    """

    def __init__(self, workspace: WorkspaceConfig | None = None, *, patience: float = PATIENCE) -> None:
        self.config = workspace or small_workspace()
        self._server = RunningSandbox(self.config)
        self._connection = Connection(self._server.url, patience)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._server)
        self._stack.callback(self._connection.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the app, then the workspace."""
        self._stack.close()

    @property
    def url(self) -> str:
        """The page: open it in a browser to see what the test does."""
        return self._server.url

    @property
    def api_url(self) -> str:
        """For slack_sdk's `base_url`, and `slackApiUrl` in JavaScript."""
        return self._server.api_url

    @property
    def bot_token(self) -> str:
        return self.config.app.bot_token

    @property
    def app_token(self) -> str:
        """For Socket Mode."""
        return self.config.app.app_token

    @property
    def signing_secret(self) -> str:
        return self.config.app.signing_secret

    @property
    def environment(self) -> dict[str, str]:
        """The variables that `run` gives the app."""
        return {
            "SLACK_API_URL": self.api_url,
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }

    def serve(self, app: WebApp, path: str = PATH) -> None:
        """Serve an ASGI or WSGI app in this process until the test ends. `path`: where it takes Slack's requests."""
        origin = self._stack.enter_context(serving(app))
        self._deliver_to(f"{origin}{path}")

    def connect(self, handler: SocketHandler) -> None:
        """Connect a Socket Mode handler, such as Bolt's, until the test ends."""
        self._connection.do("Switching Socket Mode on", "/app", socket_mode=True)
        self._stack.enter_context(connected(handler, self._connections))

    def run(
        self,
        command: Sequence[str | Path],
        *,
        socket_mode: bool = False,
        path: str = PATH,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Run the app as a process until the test ends. It gets `environment`, and PORT to listen on.

        Returns when it listens there, or with `socket_mode` when it is connected. Raises AppNotReady.
        """
        port = free_port()
        variables = self.environment | {"PORT": str(port)} | dict(env or {})
        self._connection.do("Choosing the way to the app", "/app", socket_mode=socket_mode)
        ready = (lambda: self._connections() > 0) if socket_mode else (lambda: answers_at(port))
        self._stack.enter_context(running(command, variables, cwd, ready))
        if not socket_mode:
            self._deliver_to(f"http://127.0.0.1:{port}{path}")

    def person(self, name: str) -> Person:
        """Raises NotFound."""
        users = {user.name: user for user in self.config.users}
        if name not in users:
            raise NotFound(f"There is no person “{name}”. There are: {', '.join(users)}.")
        return Person(self._connection, users[name].id, name, self.config.app.bot_user_id)

    def channel(self, name: str) -> Channel:
        """A channel of the workspace, through the eyes of the first person who sees it. Raises NotFound."""
        for user in self.config.users:
            for channel in self._connection.state(user.id)["channels"]:
                if channel["name"] == name.removeprefix("#"):
                    return Channel(self._connection, user.id, channel["id"], channel["name"])
        raise NotFound(f"There is no channel #{name}.")

    def fail(self, *faults: Fault) -> None:
        """Let the app's next Web API calls fail like this, instead of the faults before."""
        given = [fault.model_dump() for fault in faults]
        self._connection.do("Setting faults", "/faults", faults=given)

    def calls(self, method: str = "") -> list[Json]:
        """The app's Web API calls so far, or those of one method: method, arguments, ok, error."""
        calls = self._connection.look("/log")["calls"]
        return [call for call in calls if method in ("", call["method"])]

    def transcript(self) -> str:
        """What was said in every channel, and what went between Slack and the app, for a person to read."""
        return self._connection.transcript()

    def _connections(self) -> int:
        return int(self._connection.ask("/app")["socket_connections"])

    def _deliver_to(self, url: str) -> None:
        self._connection.do("Setting the request URL", "/app", request_url=url, socket_mode=False)
