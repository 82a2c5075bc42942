"""``/response/SECRET``: the endpoint for an app's later responses to commands and clicks, without a token."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from slack_sandbox.interactions.responses import carry_out, understand
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import SlackError

GONE = frozenset({"expired_url", "used_url"})


async def respond(sandbox: Sandbox, request: Request) -> Response:
    """``ok`` as plain text; 404 when the URL is used up; 400 when what was sent cannot be shown."""
    now = sandbox.clock()
    try:
        body = json.loads(await request.body())
        if not isinstance(body, dict):
            raise SlackError("invalid_payload")
        url = sandbox.response_urls.use(request.path_params["secret"], now)
        carry_out(sandbox.workspace.seen_by(url.app_id), url, understand(body), now)
    except ValueError:
        return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)
    except SlackError as error:
        return JSONResponse(error.as_answer(), 404 if error.error in GONE else 400)
    return PlainTextResponse("ok")
