"""The web application and its routes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from slack_sandbox import openid_endpoints as openid
from slack_sandbox.config import WorkspaceConfig
from slack_sandbox.file_endpoints import download, upload
from slack_sandbox.inspector_routes import Inspecting
from slack_sandbox.oauth_endpoints import authorize, decide
from slack_sandbox.own_origin import OwnOrigin
from slack_sandbox.people import requests as bodies
from slack_sandbox.people.acting import Acting
from slack_sandbox.people.administering import Administering
from slack_sandbox.people.answers import Endpoint, answering, taking
from slack_sandbox.people.channel_acting import ChannelActing
from slack_sandbox.people.directing import Directing
from slack_sandbox.people.message_acting import MessageActing
from slack_sandbox.people.watching import state_for, stream
from slack_sandbox.response_endpoint import respond
from slack_sandbox.sandbox import Sandbox, build_sandbox
from slack_sandbox.values import Clock, Json, utc_now
from slack_sandbox.web_api.endpoint import WebApi
from slack_sandbox.web_api.registry import build_registry

PAGE = Path(__file__).parent / "page"


def create_app(config: WorkspaceConfig, clock: Clock = utc_now) -> Starlette:
    """A whole Slack workspace as one ASGI application. Its Sandbox is at ``app.state.sandbox``."""
    sandbox = build_sandbox(config, clock)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await sandbox.disconnect()
        await sandbox.close()

    app = Starlette(
        routes=[*slack_routes(sandbox), *people_routes(sandbox), *page_routes()],
        middleware=[Middleware(OwnOrigin)],
        lifespan=lifespan,
    )
    app.state.sandbox = sandbox
    return app


def slack_routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Return the routes for the app: Slack's public protocol."""
    web_api = WebApi(sandbox, build_registry())
    return [
        Route("/api/{method}", web_api.handle, methods=["GET", "POST"]),
        Route("/response/{secret}", partial(respond, sandbox), methods=["POST"]),
        Route("/oauth/v2/authorize", partial(authorize, sandbox), methods=["GET"]),
        Route("/oauth/v2/decide", partial(decide, sandbox), methods=["POST"]),
        Route("/.well-known/openid-configuration", openid.describe, methods=["GET"]),
        Route("/openid/connect/keys", partial(openid.keys, sandbox), methods=["GET"]),
        Route("/openid/connect/authorize", partial(openid.authorize, sandbox), methods=["GET"]),
        Route("/openid/connect/decide", partial(openid.decide, sandbox), methods=["POST"]),
        Route("/upload/v1/{secret}", partial(upload, sandbox), methods=["POST"]),
        Route("/files-pri/{file}/{name:path}", partial(download, sandbox), methods=["GET"]),
        WebSocketRoute("/link/", partial(hold_socket, sandbox)),
    ]


async def hold_socket(sandbox: Sandbox, websocket: WebSocket) -> None:
    """A Socket Mode connection: its address names the app."""
    app_id = websocket.query_params.get("app_id")
    await sandbox.seen_by(app_id).courier.sockets.serve(websocket)


def people_routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Return the routes for people: what the page shows and does."""
    directing, inspecting = Directing(sandbox), Inspecting(sandbox.inspector)
    looking = _looking(sandbox, directing, inspecting)
    doing = {**_as_people(sandbox), **_as_operators(directing, inspecting)}
    prefix = "/sandbox/api"
    return [
        *(Route(prefix + path, endpoint, methods=["GET"]) for path, endpoint in looking.items()),
        *(Route(prefix + path, endpoint, methods=["POST"]) for path, endpoint in doing.items()),
    ]


def _looking(sandbox: Sandbox, directing: Directing, inspecting: Inspecting) -> Mapping[str, Endpoint]:
    """What the page and tests look at."""

    async def state(request: Request) -> Json:
        return state_for(sandbox, request.query_params.get("user", ""))

    return {
        "/state": answering(state),
        "/stream": partial(stream, sandbox),
        "/faults": answering(directing.show_faults),
        "/disturbances": answering(directing.show_disturbances),
        "/clock": answering(directing.show_clock),
        "/transcript": directing.export,
        "/log": answering(directing.show_log),
        "/traffic": answering(inspecting.traffic),
    }


def _as_people(sandbox: Sandbox) -> Mapping[str, Endpoint]:
    """What people do in Slack."""
    acting, messages = Acting(sandbox), MessageActing(sandbox)
    channels, administering = ChannelActing(sandbox), Administering(sandbox)
    return {
        "/messages": taking(bodies.NewMessage, acting.send_message),
        "/actions": taking(bodies.NewAction, acting.act),
        "/suggestions": taking(bodies.Suggesting, acting.suggest),
        "/shortcuts": taking(bodies.UseShortcut, acting.use_shortcut),
        "/views/{view_id}/submit": taking(bodies.Submission, acting.submit_view),
        "/views/{view_id}/close": taking(bodies.Closing, acting.close_view),
        "/app_home": taking(bodies.OpenHome, acting.open_app_home),
        "/channels": taking(bodies.NewChannel, channels.create),
        "/channels/{channel_id}/join": taking(bodies.ByUser, channels.join),
        "/channels/{channel_id}/leave": taking(bodies.ByUser, channels.leave),
        "/channels/{channel_id}/invite": taking(bodies.Inviting, channels.invite),
        "/channels/{channel_id}/kick": taking(bodies.Kicking, channels.kick),
        "/channels/{channel_id}/rename": taking(bodies.Renaming, channels.rename),
        "/channels/{channel_id}/topic": taking(bodies.Topic, channels.set_topic),
        "/channels/{channel_id}/make_private": taking(bodies.ByUser, channels.make_private),
        "/channels/{channel_id}/archive": taking(bodies.ByUser, channels.archive),
        "/channels/{channel_id}/unarchive": taking(bodies.ByUser, channels.unarchive),
        "/users/{user_id}": taking(bodies.AccountChange, administering.change_account),
        "/usergroups/{usergroup_id}": taking(bodies.UsergroupChange, administering.change_usergroup),
        "/messages/edit": taking(bodies.Editing, messages.edit),
        "/messages/delete": taking(bodies.OnMessage, messages.delete),
        "/messages/react": taking(bodies.Reacting, messages.react),
        "/messages/pin": taking(bodies.Pinning, messages.pin),
        "/messages/read": taking(bodies.OnMessage, messages.read),
    }


def _as_operators(directing: Directing, inspecting: Inspecting) -> Mapping[str, Endpoint]:
    """What whoever runs the sandbox does to it: faults, the clock, the app's settings."""
    return {
        "/disturbances": taking(bodies.DisturbanceChange, directing.disturb),
        "/clock": taking(bodies.ClockMove, directing.move_clock),
        "/reset": taking(bodies.Body, directing.reset),
        "/faults": taking(bodies.FaultList, directing.replace_faults),
        "/deliveries/{n:int}/repeat": taking(bodies.Body, directing.repeat_delivery),
        "/traffic/clear": taking(bodies.Body, inspecting.clear),
        "/app": taking(bodies.AppChange, directing.change_app),
        "/app/verify_url": taking(bodies.Body, directing.verify_url),
        "/app/disconnect": taking(bodies.Disconnection, directing.disconnect_sockets),
    }


def page_routes() -> list[BaseRoute]:
    """Return the routes of the page itself, which permalinks open, too."""

    async def index(_request: Request) -> Response:
        page = PAGE / "index.html"
        if not page.is_file():
            return PlainTextResponse(f"The sandbox runs, but its page is missing: {page}", 404)
        return FileResponse(page, headers={"Cache-Control": "no-cache"})

    async def inspector(_request: Request) -> Response:
        return FileResponse(PAGE / "inspector.html", headers={"Cache-Control": "no-cache"})

    return [
        Route("/", index),
        Route("/inspector", inspector),
        Route("/archives/{path:path}", index),
        Mount("/static", StaticFiles(directory=PAGE, check_dir=False)),
    ]
