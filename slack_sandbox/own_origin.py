"""Where the sandbox was reached, and which pages may ask it.

Where a caller reached the sandbox, so that the URLs we hand out lead back the same way.

Whose requests the sandbox takes: those of programs on this machine, and of its own page.

Anybody who acts here acts as whatever person they name, and a browser carries any page's requests to 127.0.0.1. So the
name in `Host` must be this machine's (a page that rebinds its own name to 127.0.0.1 still sends that name), a browser
must say that its page is ours (`Origin`, `Sec-Fetch-Site`), and a body that acts is JSON, which a form of another page
cannot send: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html.
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
    """Such as ``http://127.0.0.1:3100``."""
    return str(connection.base_url).rstrip("/")


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PEOPLE = "/sandbox/api/"
OPEN_TO_LINKS = ("/archives/", "/static/")  # and the page itself: another page may lead here
FROM_HERE = frozenset({"same-origin", "none"})  # https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
JSON = "application/json"


class OwnOrigin:
    """Turns away what comes from elsewhere before anything else is read of it."""

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
    """The status and the sentence for a request that is not taken."""
    headers, path = Headers(scope=scope), scope["path"]
    host = headers.get("host", "")
    if not is_loopback(f"//{host}", _port(scope)):
        return 403, "The sandbox answers to 127.0.0.1 and localhost alone."
    if path == "/" or path.startswith(OPEN_TO_LINKS):
        return None
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return 403, "The sandbox takes no requests of other pages."
    if headers.get("sec-fetch-site", "none") not in FROM_HERE:
        return 403, "The sandbox takes no requests of other pages."
    is_json = headers.get("content-type", "").partition(";")[0].strip().lower() == JSON
    if path.startswith(PEOPLE) and scope.get("method") == "POST" and not is_json:
        return 415, f"Send it as {JSON}."
    return None


def _port(scope: Scope) -> int | None:
    server = scope.get("server")
    return server[1] if server else None


def is_loopback(url: str, port: int | None = None) -> bool:
    """Whether the URL is of this machine; `port`: and names no other port. slack_sdk's socket client names none."""
    try:
        parts = urlsplit(url)
        asked = parts.port or port
    except ValueError:
        return False
    return parts.username is None and parts.hostname in LOOPBACK and port in (None, asked)


def _refuse_elsewhere(url: str) -> str:
    if url and not (url.startswith(("http://", "https://")) and is_loopback(url)):
        raise ValueError("the sandbox delivers to this machine alone: http://127.0.0.1:PORT/…")
    return url


LocalUrl = Annotated[str, AfterValidator(_refuse_elsewhere)]
