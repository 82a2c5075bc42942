"""Accept only requests from programs on this machine and from the sandbox's own page.

Callers act as whichever person they name, and a browser sends any page's requests to 127.0.0.1. Therefore `Host` must
name this machine (a page that rebinds its own name to 127.0.0.1 still sends that name), a browser must state that the
page is ours (`Origin`, `Sec-Fetch-Site`), and a body that acts must be JSON, which another page's form cannot send:
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html.
"""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose


def origin_of(connection: HTTPConnection) -> str:
    """Return the origin at which the caller reached us, such as ``http://127.0.0.1:3100``, for URLs that lead back."""
    return str(connection.base_url).rstrip("/")


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PEOPLE = "/sandbox/api/"
OPEN_TO_LINKS = (
    "/archives/",
    "/static/",
    "/oauth/v2/authorize",
    "/openid/connect/authorize",
)  # and the page itself: another page may lead here
FROM_HERE = frozenset({"same-origin", "none"})  # https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
JSON = "application/json"


class OwnOrigin:
    """Refuses requests from elsewhere before anything else of them is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = refusal_of(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
        else:
            status, sentence = refusal
            await PlainTextResponse(sentence, status)(scope, receive, send)


def refusal_of(scope: Scope) -> tuple[int, str] | None:
    """Return the status and the sentence for a request that is refused; None for one that is accepted."""
    headers, path = Headers(scope=scope), scope["path"]
    host = headers.get("host", "")
    if not is_loopback(f"//{host}", _port(scope)):
        return 403, "The sandbox is available only at 127.0.0.1 and localhost."
    if path == "/" or path.startswith(OPEN_TO_LINKS):
        return None
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return 403, "The sandbox accepts no requests from other pages."
    if headers.get("sec-fetch-site", "none") not in FROM_HERE:
        return 403, "The sandbox accepts no requests from other pages."
    is_json = headers.get("content-type", "").partition(";")[0].strip().lower() == JSON
    if path.startswith(PEOPLE) and scope.get("method") == "POST" and not is_json:
        return 415, f"Send it as {JSON}."
    return None


def _port(scope: Scope) -> int | None:
    server = scope.get("server")
    return server[1] if server else None


def is_loopback(url: str, port: int | None = None) -> bool:
    """Return True for a URL of this machine with this `port`, or without one: slack_sdk's socket client sends none."""
    try:
        parts = urlsplit(url)
        asked = parts.port or port
    except ValueError:
        return False
    return parts.username is None and parts.hostname in LOOPBACK and port in (None, asked)


def _refuse_elsewhere(url: str) -> str:
    if url and not (url.startswith(("http://", "https://")) and is_loopback(url)):
        raise ValueError("the sandbox delivers only to this machine: http://127.0.0.1:PORT/…")
    return url


LocalUrl = Annotated[str, AfterValidator(_refuse_elsewhere)]
