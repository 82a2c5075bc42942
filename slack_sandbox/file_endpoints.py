"""Where files are uploaded to and downloaded from. https://docs.slack.dev/messaging/working-with-files"""

from email import message_from_bytes

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import SlackError
from slack_sandbox.web_api.method import token_from

SIGN_IN = (
    "<!doctype html><title>Sign in</title><p>Send the app's token: <code>Authorization: Bearer xoxb-…</code>."
)
"""Without a token Slack shows its sign-in page, with status 200: many an app has saved that as the file."""

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}
"""A file is somebody else's: it must not run in the page's origin."""


async def upload(sandbox: Sandbox, request: Request) -> Response:
    """Take the bytes, sent as they are or as a form with one file in it."""
    body = await request.body()
    content_type = request.headers.get("content-type", "")
    content = first_part(content_type, body) if content_type.startswith("multipart/form-data") else body
    file = sandbox.workspace.files.receive(request.path_params["secret"], content)
    if file is None:
        return PlainTextResponse("There is no such upload, or it is over.", 404)
    return PlainTextResponse(f"OK - {len(content)}")


def first_part(content_type: str, body: bytes) -> bytes:
    """The content of the first file in a ``multipart/form-data`` body, or of its first field."""
    form = message_from_bytes(b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body)
    parts = [part for part in form.walk() if not part.is_multipart()]
    wanted = next((part for part in parts if part.get_filename()), parts[0])
    content = wanted.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


async def download(sandbox: Sandbox, request: Request) -> Response:
    """For the app with its token, and for the page."""
    header = request.headers.get("authorization", "")
    on_the_page = request.headers.get("sec-fetch-site") == "same-origin"
    if sandbox.installation_of(token_from(header, "")) is None and not on_the_page:
        return HTMLResponse(SIGN_IN)
    try:
        file = sandbox.workspace.files.find(request.path_params["file"].rpartition("-")[2])
    except SlackError:
        return PlainTextResponse("There is no such file.", 404)
    headers = {**SAFE, "Content-Disposition": _disposition(file.name)}
    return Response(file.content or b"", media_type=file.mimetype, headers=headers)


def _disposition(name: str) -> str:
    plain = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in name)
    return f'attachment; filename="{plain.encode("ascii", "replace").decode()}"'
