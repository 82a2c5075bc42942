"""Sign in with Slack: its metadata and key, and the page on which a person lets an app know who they are."""

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from slack_sandbox.config import AppConfig
from slack_sandbox.oauth import Grant, checked_redirect
from slack_sandbox.oauth_endpoints import app_of, consent_form, page, with_query
from slack_sandbox.openid import SCOPES, metadata
from slack_sandbox.own_origin import origin_of
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import SlackError

REFUSED = "You cannot be signed in"
KEPT = ("state", "nonce")
"""What comes back to the app as it was sent."""


async def describe(request: Request) -> Response:
    return JSONResponse(metadata(origin_of(request)))


async def keys(sandbox: Sandbox, _request: Request) -> Response:
    return JSONResponse(sandbox.identities.keys())


async def authorize(sandbox: Sandbox, request: Request) -> Response:
    """Ask who it is, and whether the app may know."""
    asked = dict(request.query_params)
    try:
        app = app_of(sandbox, asked.get("client_id", ""))
        redirect = checked_redirect(asked.get("redirect_uri", ""), app.redirect_urls)
        scopes = _scopes(asked.get("scope", ""), asked.get("response_type", ""))
    except SlackError as error:
        return page(REFUSED, f"<p>{escape(error.error)}</p>", 400)
    hidden = {"client_id": app.oauth_client_id, "redirect_uri": redirect, "scope": " ".join(scopes)}
    hidden |= {name: asked.get(name, "") for name in KEPT}
    return page(f"Sign in to {app.name}", _consent(sandbox, app, hidden))


async def decide(sandbox: Sandbox, request: Request) -> Response:
    """Send the person back to the app: with a code, or with ``access_denied``."""
    form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
    try:
        app = app_of(sandbox, form.get("client_id", ""))
        redirect = checked_redirect(form.get("redirect_uri", ""), app.redirect_urls)
        user = sandbox.workspace.actor(form.get("user", ""))
    except SlackError as error:
        return page(REFUSED, f"<p>{escape(error.error)}</p>", 400)
    state = {"state": form.get("state", "")}
    if form.get("answer") != "allow":
        return RedirectResponse(with_query(redirect, {"error": "access_denied", **state}), 302)
    scopes, nonce = tuple(form.get("scope", "").split()), form.get("nonce", "")
    code = sandbox.grants.issue(Grant(app.id, user.id, scopes, redirect, sandbox.clock(), nonce))
    return RedirectResponse(with_query(redirect, {"code": code, **state}), 302)


def _scopes(asked: str, response_type: str) -> list[str]:
    """Raises SlackError ``invalid_scope`` without ``openid``, and ``unsupported_response_type``."""
    scopes = asked.replace(",", " ").split()
    if response_type != "code":
        raise SlackError("unsupported_response_type")
    if "openid" not in scopes or not set(scopes) <= set(SCOPES):
        raise SlackError("invalid_scope")
    return scopes


def _consent(sandbox: Sandbox, app: AppConfig, hidden: dict[str, str]) -> str:
    lead = f"{escape(app.name)} wants to know who you are in {escape(sandbox.workspace.team.name)}."
    return f"<p>{lead}</p>" + consent_form(sandbox, "/openid/connect/decide", hidden)
