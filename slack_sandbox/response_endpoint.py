"""``/response/SECRET``: the endpoint for an app's later responses to commands and clicks, without a token."""

import json
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from slack_sandbox.inspector import Exchange
from slack_sandbox.interactions.responses import carry_out, understand
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import SlackError

GONE = frozenset({"expired_url", "used_url"})


async def respond(sandbox: Sandbox, request: Request) -> Response:
    """``ok`` as plain text; 404 when the URL is used up; 400 when what was sent cannot be shown."""
    now, sent = sandbox.clock(), await request.body()
    error = _carry_out(sandbox, request.path_params["secret"], sent, now)
    status = 404 if error and error.error in GONE else 400 if error else 200
    sandbox.inspector.add(_exchange(sent, error, status, now))
    return JSONResponse(error.as_answer(), status) if error else PlainTextResponse("ok")


def _carry_out(sandbox: Sandbox, secret: str, sent: bytes, now: datetime) -> SlackError | None:
    try:
        body = json.loads(sent)
        if not isinstance(body, dict):
            raise SlackError("invalid_payload")
        url = sandbox.response_urls.use(secret, now)
        carry_out(sandbox.workspace.seen_by(url.app_id), url, understand(body), now)
    except ValueError:
        return SlackError("invalid_payload")
    except SlackError as error:
        return error
    return None


def _exchange(sent: bytes, error: SlackError | None, status: int, now: datetime) -> Exchange:
    return Exchange(
        at=now,
        kind="response_url",
        title="response_url",
        outcome=error.error if error else "ok",
        failed=error is not None,
        seconds=0.0,
        request=sent.decode(errors="replace"),
        answer=error.as_answer() if error else "ok",
        status=status,
    )
