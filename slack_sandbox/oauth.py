"""Installing an app with OAuth v2: what a person allowed, and the code that the app exchanges for its token.

https://docs.slack.dev/authentication/installing-with-oauth
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_sandbox.own_origin import is_loopback
from slack_sandbox.values import Json, SlackError, new_secret

CODE_LIFETIME = timedelta(minutes=10)
"""https://docs.slack.dev/authentication/installing-with-oauth#exchanging"""


@dataclass(frozen=True)
class Grant:
    """One person allowed one app these scopes; the code goes to ``redirect_uri``."""

    app_id: str
    user: str
    scopes: tuple[str, ...]
    redirect_uri: str
    issued_at: datetime
    nonce: str = ""
    """Of a sign-in with OpenID Connect."""


class Grants:
    """The codes handed out so far; each is good for one exchange."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._used: set[str] = set()

    def issue(self, grant: Grant) -> str:
        code = new_secret()
        self._grants[code] = grant
        return code

    def exchange(self, code: str, app_id: str, redirect_uri: str, now: datetime) -> Grant:
        """Raises SlackError: invalid_code, code_already_used, bad_redirect_uri."""
        grant = self._grants.get(code)
        if grant is None or grant.app_id != app_id or now - grant.issued_at > CODE_LIFETIME:
            raise SlackError("invalid_code")
        if code in self._used:
            raise SlackError("code_already_used")
        if redirect_uri and redirect_uri != grant.redirect_uri:
            raise SlackError("bad_redirect_uri")
        self._used.add(code)
        return grant


def checked_redirect(wanted: str, allowed: Sequence[str]) -> str:
    """Where the person is sent back to: below one of the app's redirect URLs, and on this machine.

    Raises SlackError ``bad_redirect_uri``.
    """
    redirect = wanted or (allowed[0] if allowed else "")
    known = not allowed or any(redirect.startswith(each) for each in allowed)
    if not (known and redirect.startswith(("http://", "https://")) and is_loopback(redirect)):
        raise SlackError("bad_redirect_uri")
    return redirect


def basic_credentials(header: str) -> Json:
    """``client_id`` and ``client_secret`` of a Basic Authorization header; empty for any other."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client_id, "client_secret": secret}
