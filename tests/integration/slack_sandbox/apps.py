"""Bolt apps to run against a sandbox: one over HTTP, one over Socket Mode."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import SlackRequestHandler
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from slack_sandbox.config import AppConfig
from slack_sandbox.serving import RunningSandbox, listen

APP = AppConfig()


def a_client(slack: RunningSandbox, token: str = APP.bot_token) -> WebClient:
    """Slack's own client, which gives up at the first failure."""
    return WebClient(token=token, base_url=slack.api_url, retry_handlers=[], timeout=10)


def a_bolt_app(slack: RunningSandbox) -> App:
    return App(client=a_client(slack), signing_secret=APP.signing_secret, process_before_response=True)


@contextmanager
def listening(app: Starlette) -> Iterator[str]:
    """Serve an application in a thread. Yields its origin."""
    listener, origin = listen(0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield origin
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def bolt_over_http(app: App) -> Iterator[str]:
    """Serve the app with Bolt's own adapter. Yields its request URL."""
    handler = SlackRequestHandler(app)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    with listening(Starlette(routes=[Route("/slack/events", events, methods=["POST"])])) as origin:
        yield f"{origin}/slack/events"
