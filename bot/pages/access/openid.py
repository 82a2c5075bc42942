"""Asks Slack who somebody is, with OpenID Connect: https://docs.slack.dev/authentication/sign-in-with-slack.

Only the scope `openid` is asked for. The access token that comes with the answer is not kept.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from core.clock import elapsed
from core.errors import NotAllowed, Unavailable

SECONDS = 5.0  # timeout of a call to Slack
PATIENCE = 0.5  # seconds to wait for the thread that asks Slack for its metadata
FRESH_SECONDS = 3600.0  # for which metadata is taken to be so
LEEWAY = 120  # seconds by which Slack's clock and ours may differ
ALGORITHMS = ["RS256"]  # what Slack signs with; whatever else a token says of itself is refused
SILENT = "Slack did not answer, so you could not be signed in. Try again in a moment."
REFUSED = "Slack did not confirm who you are, so you are not signed in. Try again."

log = structlog.get_logger()


@dataclass(frozen=True)
class Identity:
    """Somebody as Slack says who they are. `team_id`: the workspace in which they signed in."""

    slack_user_id: str
    team_id: str
    enterprise_id: str = ""


class Provider(Protocol):
    """Says who somebody is. Raises Unavailable if it cannot be reached, NotAllowed if it does not confirm it."""

    def address(self, redirect_uri: str, state: str, nonce: str, team_id: str) -> str:
        """Return where a browser goes to sign in."""

    def identify(self, code: str, redirect_uri: str, nonce: str) -> Identity:
        """Return who came back with this code, which is good once."""


@dataclass
class Remembered:
    """Slack's metadata, and until when it is taken to be so, on the clock of core.clock.elapsed."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    metadata: Mapping[str, Any] | None = None
    until: float = 0.0


@dataclass(frozen=True)
class SlackOpenId:
    """`api_url`: SLACK_API_URL; the metadata is at the root of the same host.

    Anybody may open /sign-in, so Slack is asked for its metadata once an hour, by one thread at a time: a loop of such
    requests neither calls Slack nor holds the threads that all pages need.
    """

    client_id: str
    client_secret: str = field(repr=False)
    api_url: str
    remembered: Remembered = field(default_factory=Remembered, repr=False, compare=False)

    def address(self, redirect_uri: str, state: str, nonce: str, team_id: str) -> str:
        with self._client(redirect_uri) as client:
            found = self._metadata(client)
            more = {"team": team_id} if team_id else {}
            url, _ = client.create_authorization_url(
                found["authorization_endpoint"], state=state, nonce=nonce, **more
            )
            return str(url)

    def identify(self, code: str, redirect_uri: str, nonce: str) -> Identity:
        try:
            with self._client(redirect_uri) as client:
                found = self._metadata(client)
                token = client.fetch_token(
                    found["token_endpoint"], code=code, grant_type="authorization_code"
                )
                keys = KeySet.import_key_set({"keys": _json(client, found["jwks_uri"])["keys"]})
                return self._identity(token, keys, nonce, found["issuer"])
        except httpx2.HTTPError as error:
            raise Unavailable(SILENT) from error
        except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
            log.warning("Slack did not confirm who somebody is", error=str(error) or type(error).__name__)
            raise NotAllowed(REFUSED) from error

    def _client(self, redirect_uri: str) -> OAuth2Client:
        return OAuth2Client(
            self.client_id,
            self.client_secret,
            token_endpoint_auth_method="client_secret_post",
            scope="openid",
            redirect_uri=redirect_uri,
            timeout=SECONDS,
        )

    @property
    def _issuer(self) -> str:
        parts = urlsplit(self.api_url)
        return f"{parts.scheme}://{parts.netloc}"

    def _metadata(self, client: OAuth2Client) -> Mapping[str, Any]:
        """Return the metadata, read lately. Raises Unavailable, also while another thread waits for it too long."""
        known = self.remembered
        if not known.lock.acquire(timeout=PATIENCE):
            raise Unavailable(SILENT)
        try:
            if known.metadata is None or elapsed() > known.until:
                known.metadata, known.until = self._read_metadata(client), elapsed() + FRESH_SECONDS
            return known.metadata
        finally:
            known.lock.release()

    def _read_metadata(self, client: OAuth2Client) -> Mapping[str, Any]:
        """Return the metadata, which must name the host that we asked (OpenID Connect Discovery, section 4.3)."""
        try:
            found = _json(client, f"{self._issuer}/.well-known/openid-configuration")
        except (httpx2.HTTPError, ValueError) as error:
            raise Unavailable(SILENT) from error
        if found.get("issuer") != self._issuer:
            raise Unavailable(SILENT)
        return found

    def _identity(self, token: Mapping[str, Any], keys: KeySet, nonce: str, issuer: str) -> Identity:
        signed = jwt.decode(token["id_token"], keys, algorithms=ALGORITHMS)
        options = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": self.client_id},
        }
        asked = {"nonce": nonce, "client_id": self.client_id, "access_token": token["access_token"]}
        claims = CodeIDToken(signed.claims, signed.header, options, asked)
        claims.validate(leeway=LEEWAY)
        return Identity(
            claims["https://slack.com/user_id"],
            claims["https://slack.com/team_id"],
            claims.get("https://slack.com/enterprise_id") or "",
        )


def _json(client: OAuth2Client, address: str) -> dict[str, Any]:
    answer = client.request("GET", address, withhold_token=True)
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError(f"{address} did not answer an object")
    return found
