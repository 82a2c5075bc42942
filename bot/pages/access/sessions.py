"""The cookies of people who are signed in, and of those who are about to be.

A session says who somebody is, and nothing of what they may do: that is looked up at each request. It ends after
LIFETIME. All values are signed, each for its own purpose.
"""

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadSignature
from starlette.requests import Request
from starlette.responses import Response

from core.signing import DatedSigner, signer

SESSIONS, ATTEMPTS, FORMS = b"sessions of pages", b"attempts to sign in", b"forms of pages"
LIFETIME = timedelta(hours=12)
TIME_TO_SIGN_IN = timedelta(minutes=10)
AHEAD = timedelta(minutes=1)  # how far the clock of another web process may be ahead


@dataclass(frozen=True)
class Session:
    """`value`: of the cookie, to which the tokens of forms are bound."""

    slack_user_id: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Attempt:
    """Somebody has gone to Slack to sign in. `state` is what comes back; `back`: the path they wanted to see."""

    state: str
    back: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Sessions:
    """`secret`: the Slack signing secret; without it nobody has a session. `now`: aware, in UTC."""

    secret: str = field(repr=False)
    is_https: bool = True
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)

    def start(self, response: Response, slack_user_id: str) -> None:
        self._set(response, "session", SESSIONS, {"who": slack_user_id, "id": secrets.token_hex(8)}, LIFETIME)

    def read(self, request: Request) -> Session | None:
        """Return the session, unless it is over or we did not sign it."""
        value = request.cookies.get(self._name("session"), "")
        found = self._open(SESSIONS, value, LIFETIME)
        return Session(str(found["who"]), value) if found else None

    def end(self, response: Response) -> None:
        self._delete(response, "session")

    def attempt(self, response: Response, back: str) -> Attempt:
        """Note in this browser that it goes to Slack, and return what it takes along."""
        attempt = Attempt(secrets.token_urlsafe(24), back)
        self._set(response, "sign_in", ATTEMPTS, {"state": attempt.state, "back": back}, TIME_TO_SIGN_IN)
        return attempt

    def attempted(self, request: Request) -> Attempt | None:
        """Return what this browser went to Slack with, unless that is too long ago."""
        found = self._open(ATTEMPTS, request.cookies.get(self._name("sign_in"), ""), TIME_TO_SIGN_IN)
        return Attempt(str(found["state"]), str(found["back"])) if found else None

    def end_attempt(self, response: Response) -> None:
        self._delete(response, "sign_in")

    def nonce(self, attempt: Attempt) -> str:
        """Return what Slack's answer must repeat: it is derived, so that nothing else has to be kept."""
        return signer(self.secret, ATTEMPTS).get_signature(f"nonce {attempt.state}").decode()

    def form_token(self, session: Session) -> str:
        """Return what each form of this session carries: no other site can know it."""
        return signer(self.secret, FORMS).get_signature(session.value).decode()

    def is_form_of(self, session: Session, token: str) -> bool:
        return token.isascii() and signer(self.secret, FORMS).verify_signature(session.value, token)

    def _name(self, of: str) -> str:
        """Return the cookie's name. With HTTPS, no other host of the domain can set it (RFC 6265bis, section 4.1.3)."""
        return f"__Host-runbook_{of}" if self.is_https else f"runbook_{of}"

    def _set(
        self, response: Response, of: str, purpose: bytes, content: dict[str, str], lasts: timedelta
    ) -> None:
        text = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
        value = DatedSigner(self.secret, purpose, self.now).sign(text).decode()
        seconds = int(lasts.total_seconds())
        response.set_cookie(
            self._name(of), value, seconds, secure=self.is_https, httponly=True, samesite="lax"
        )

    def _delete(self, response: Response, of: str) -> None:
        response.delete_cookie(self._name(of), secure=self.is_https, httponly=True, samesite="lax")

    def _open(self, purpose: bytes, value: str, lasts: timedelta) -> dict[str, Any] | None:
        if not self.secret or not value.isascii():
            return None
        try:
            text, signed_at = DatedSigner(self.secret, purpose, self.now).unsign(value, return_timestamp=True)
        except BadSignature:
            return None
        age = self.now() - signed_at
        if not -AHEAD <= age <= lasts:
            return None
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text))
        return found
