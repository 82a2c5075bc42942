"""Sign in with Slack: the provider's metadata, its key, and the tokens that say who somebody is.

https://docs.slack.dev/authentication/sign-in-with-slack
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from joserfc import jwt
from joserfc.jwk import RSAKey

from slack_sandbox.values import Json, new_secret

SCOPES = ("openid", "profile", "email")
LIFETIME = timedelta(minutes=5)
"""Of an identity token."""
ALGORITHM = "RS256"


def metadata(origin: str) -> Json:
    """https://openid.net/specs/openid-connect-discovery-1_0.html, with what Slack's own document says."""
    return {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/openid/connect/authorize",
        "token_endpoint": f"{origin}/api/openid.connect.token",
        "userinfo_endpoint": f"{origin}/api/openid.connect.userInfo",
        "jwks_uri": f"{origin}/openid/connect/keys",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }


@dataclass(frozen=True)
class Identity:
    """What an identity token says: who, of which workspace, and for which request of which app."""

    user: str
    name: str
    team_id: str
    team_name: str
    client_id: str
    nonce: str


class Identities:
    """Signs identity tokens. Its key is made when the first of them is asked for, which takes a moment."""

    @cached_property
    def _key(self) -> RSAKey:
        return RSAKey.generate_key(2048, {"kid": new_secret(), "use": "sig", "alg": ALGORITHM}, private=True)

    def keys(self) -> Json:
        """The public key, as a JSON Web Key Set."""
        return {"keys": [self._key.as_dict(private=False)]}

    def token(self, identity: Identity, access_token: str, issuer: str, now: datetime) -> str:
        claims = {
            "iss": issuer,
            "sub": identity.user,
            "aud": identity.client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
            "at_hash": _half_hash(access_token),
            "name": identity.name,
            "https://slack.com/user_id": identity.user,
            "https://slack.com/team_id": identity.team_id,
            "https://slack.com/team_name": identity.team_name,
        }
        if identity.nonce:
            claims["nonce"] = identity.nonce
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key)


def _half_hash(access_token: str) -> str:
    """https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken"""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
