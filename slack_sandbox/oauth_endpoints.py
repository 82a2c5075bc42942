"""The page on which a person allows an app to be installed. https://docs.slack.dev/authentication/installing-with-oauth"""

from html import escape
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from slack_sandbox.config import AppConfig
from slack_sandbox.oauth import Grant, checked_redirect
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import SlackError

ALONE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""No other page may frame it, and nothing on it runs."""


async def authorize(sandbox: Sandbox, request: Request) -> Response:
    """Show what the app asks for."""
    asked = dict(request.query_params)
    try:
        app = app_of(sandbox, asked.get("client_id", ""))
        redirect = checked_redirect(asked.get("redirect_uri", ""), app.redirect_urls)
    except SlackError as error:
        return page("This app cannot be installed", f"<p>{escape(error.error)}</p>", 400)
    hidden = {"client_id": app.oauth_client_id, "redirect_uri": redirect}
    hidden |= {name: asked.get(name, "") for name in ("scope", "state")}
    return page(f"Install {app.name}", consent(sandbox, app, hidden))


async def decide(sandbox: Sandbox, request: Request) -> Response:
    """Send the person back to the app: with a code, or with ``access_denied``."""
    form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
    try:
        app = app_of(sandbox, form.get("client_id", ""))
        redirect = checked_redirect(form.get("redirect_uri", ""), app.redirect_urls)
        user = sandbox.workspace.actor(form.get("user", ""))
    except SlackError as error:
        return page("This app cannot be installed", f"<p>{escape(error.error)}</p>", 400)
    if form.get("answer") != "allow":
        answer = {"error": "access_denied"}
    else:
        scopes = tuple(scope for scope in form.get("scope", "").split(",") if scope)
        answer = {"code": sandbox.grants.issue(Grant(app.id, user.id, scopes, redirect, sandbox.clock()))}
    answer["state"] = form.get("state", "")
    return RedirectResponse(with_query(redirect, answer), 302)


def with_query(address: str, more: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(more)}"


def app_of(sandbox: Sandbox, client_id: str) -> AppConfig:
    """Raises SlackError ``invalid_client_id``."""
    for app in sandbox.workspace.apps.values():
        if app.oauth_client_id == client_id:
            return app
    raise SlackError("invalid_client_id")


def consent(sandbox: Sandbox, app: AppConfig, hidden: dict[str, str]) -> str:
    scopes = [scope for scope in hidden["scope"].split(",") if scope]
    items = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in scopes) or "<li>nothing</li>"
    lead = f"{escape(app.name)} wants to work in {escape(sandbox.workspace.team.name)}. It asks for:"
    return f"<p>{lead}</p><ul>{items}</ul>" + consent_form(sandbox, "/oauth/v2/decide", hidden)


def consent_form(sandbox: Sandbox, action: str, hidden: dict[str, str]) -> str:
    """Who somebody is, and whether they allow it. ``hidden``: what is sent along."""
    people = [user for user in sandbox.workspace.users.values() if not (user.is_bot or user.deleted)]
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items()
    )
    options = "".join(
        f'<option value="{escape(user.id)}">{escape(user.real_name)}</option>' for user in people
    )
    return f"""
      <form method="post" action="{action}">{fields}
        <p><label>You are <select class="select" name="user">{options}</select></label></p>
        <p><button class="button primary" name="answer" value="allow">Allow</button>
           <button class="button" name="answer" value="deny">Cancel</button></p>
      </form>"""


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """``body`` is HTML: whatever came from elsewhere in it is escaped."""
    text = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <link rel="stylesheet" href="/static/css/base.css"><link rel="stylesheet" href="/static/css/controls.css">
      <link rel="stylesheet" href="/static/css/consent.css"></head>
      <body><main class="consent"><h1>{escape(title)}</h1>{body}</main></body></html>"""
    return HTMLResponse(text, status, ALONE)
