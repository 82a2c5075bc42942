"""The `Authorization` header of HTTP calls, built from a definition's `auth`."""

import base64
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from core.definitions.http_requests import Auth, BasicAuth, BearerAuth, OAuth2Auth, render_url
from core.definitions.masking import Masker
from core.definitions.templates import render, render_text
from core.errors import InvalidInput
from core.execution.preparation import Context
from core.io.http import HttpRequest
from core.io.oauth import Grant
from core.values.execution import Json

Authorize = Callable[[timedelta, threading.Event], "Authorized"]


def _nothing() -> None:
    """Do nothing: these headers are not cached."""


@dataclass(frozen=True)
class Authorized:
    """The headers to add to a request. `masker` hides their secrets; call `forget` if the server refused them."""

    headers: Mapping[str, str]
    masker: Masker
    forget: Callable[[], None] = _nothing

    def added_to(self, request: HttpRequest) -> HttpRequest:
        return replace(request, headers={**request.headers, **self.headers}) if self.headers else request


def prepare_auth(auth: Auth | None, context: Context) -> Authorize:
    """Return a function that supplies the headers when the call is made.

    Raises RunbookError if `auth` cannot be rendered. The function takes the call's time limit and stop event, and
    raises Unavailable if the authorization server issues no token.
    """
    if auth is None:
        return _fixed({}, context)
    if isinstance(auth, BearerAuth):
        return _fixed(_header(f"Bearer {_text(auth.token, 'token', context)}"), context)
    if isinstance(auth, BasicAuth):
        pair = f"{_text(auth.username, 'username', context)}:{_text(auth.password, 'password', context)}"
        return _fixed(_header(f"Basic {base64.b64encode(pair.encode()).decode()}"), context)
    return _granted(_grant(auth, context), context)


def _grant(auth: OAuth2Auth, context: Context) -> Grant:
    """Return the token request. It goes to another host, so it must not carry the secrets of the call itself."""
    asking = context.apart()
    return Grant(
        token_url=render_url(auth.token_url, asking.scope, ("auth", "token_url")),
        client_id=_text(auth.client_id, "client_id", asking),
        client_secret=_text(auth.client_secret, "client_secret", asking),
        scope=_text(auth.scope or "", "scope", asking),
        audience=_text(auth.audience or "", "audience", asking),
        in_body=auth.credentials == "body",
        shown_url=render_url(auth.token_url, context.shown_scope, ("auth", "token_url")),
        carried=asking.carried,
    )


def shown_auth(auth: Auth, context: Context) -> Json:
    """Return `auth` as people may see it, with each secret replaced by its name."""
    written = auth.model_dump(mode="json", exclude_unset=True)
    return render(written, context.shown_scope, ("auth",))


def _fixed(headers: Mapping[str, str], context: Context) -> Authorize:
    authorized = Authorized(headers, context.masker)
    return lambda _limit, _stop: authorized


def _granted(grant: Grant, context: Context) -> Authorize:
    ports = context.ports

    def authorize(limit: timedelta, stop: threading.Event) -> Authorized:
        token = ports.tokens.token(grant, context.now, lambda request: ports.http.call(request, limit, stop))
        masker = context.masker_with(token)
        return Authorized(_header(f"Bearer {token}"), masker, lambda: ports.tokens.forget(grant))

    return authorize


def _text(template: str, name: str, context: Context) -> str:
    return render_text(template, context.scope, ("auth", name))


def _header(value: str) -> Mapping[str, str]:
    if not (value.isascii() and value.isprintable()):
        raise InvalidInput("The header Authorization has a character that no header may have.")
    return {"Authorization": value}
