"""OAuth 2 access tokens from the client credentials grant (RFC 6749, section 4.4), cached while they are valid."""

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote_plus, urlencode

from core.errors import Unavailable
from core.io.http import HttpRequest, NoAnswer, NotSent
from core.io.response import HttpResponse, no_json, retry_after
from core.values.destinations import Destinations

EARLY = timedelta(
    seconds=30
)  # a token that expires sooner is not used: it must still be valid when the call arrives
Call = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True)
class Grant:
    """The request for a token.

    `shown_url`: the URL with secrets marked; `carried`: where the secrets in the request may go.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    audience: str = ""
    in_body: bool = False
    shown_url: str = ""
    carried: tuple[Destinations, ...] = ()


@dataclass(frozen=True)
class Token:
    """An access token. `good_until`: None if the server does not say how long it is valid; it is then used once."""

    value: str = field(repr=False)
    good_until: datetime | None

    def is_good(self, now: datetime) -> bool:
        return self.good_until is not None and now < self.good_until


class TokenRefused(Unavailable):
    """The authorization server issued no token."""

    retry_after: timedelta | None = None
    """How long the server asks to wait."""


class OAuthTokens:
    """The tokens of this process. They are stored nowhere else."""

    def __init__(self) -> None:
        self._known: dict[Grant, Token] = {}
        self._lock = threading.Lock()

    def token(self, grant: Grant, now: datetime, call: Call) -> str:
        """Return a valid token, cached or fetched through `call`. Raises Unavailable if the server issues none."""
        with self._lock:
            known = self._known.get(grant)
            if known is None or not known.is_good(now):
                known = self._known[grant] = _ask(grant, now, call)
            return known.value

    def forget(self, grant: Grant) -> None:
        """Drop a token that was rejected."""
        with self._lock:
            self._known.pop(grant, None)


def _ask(grant: Grant, now: datetime, call: Call) -> Token:
    try:
        response = call(_request(grant))
    except (NotSent, NoAnswer) as error:
        raise Unavailable(f"{grant.shown_url or grant.token_url} issued no token: {error}") from error
    answer = response.json if isinstance(response.json, dict) else {}
    value, lifetime = answer.get("access_token"), answer.get("expires_in")
    if response.status >= 400 or not isinstance(value, str) or not value:
        raise _refused(grant, response, now)
    return Token(value, now + timedelta(seconds=_seconds(lifetime)) - EARLY if lifetime else None)


def _refused(grant: Grant, response: HttpResponse, now: datetime) -> TokenRefused:
    answer = response.json if isinstance(response.json, dict) else {}
    reason = answer.get("error")  # RFC 6749, section 5.2: a word such as invalid_client
    more = (
        f" ({reason})"
        if isinstance(reason, str)
        else ""
        if response.is_json
        else f", and {no_json(response)}"
    )
    error = TokenRefused(
        f"{grant.shown_url or grant.token_url} issued no token: it answered {response.status}{more}."
    )
    error.retry_after = retry_after(response, now)
    return error


def _seconds(lifetime: object) -> float:
    try:
        return min(float(str(lifetime)), 10.0**8)
    except ValueError:
        return 0.0


def _request(grant: Grant) -> HttpRequest:
    form = {"grant_type": "client_credentials", "scope": grant.scope, "audience": grant.audience}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if grant.in_body:
        form |= {"client_id": grant.client_id, "client_secret": grant.client_secret}
    else:
        # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
        pair = f"{quote_plus(grant.client_id)}:{quote_plus(grant.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    given = {name: value for name, value in form.items() if value}
    return HttpRequest(
        "POST",
        grant.token_url,
        headers,
        content=urlencode(given).encode(),
        carried=grant.carried,
        shown_url=grant.shown_url,
    )
