"""Signed links to the page of a run: who holds one may read that page, without a token of their own."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

PURPOSE = b"links to the pages of runs"  # of the derived key, so that no signature serves anything else


@dataclass(frozen=True)
class RunLinks:
    """`secret` is the Slack signing secret; the links are signed with a key derived from it."""

    public_url: str
    secret: str = field(repr=False)

    def url(self, execution_id: str) -> str:
        """The address of the page of a runbook execution, signed."""
        return f"{self.public_url.rstrip('/')}/runs/{execution_id}?token={self.sign(execution_id)}"

    def page(self, execution_id: str) -> str:
        """The same; empty where there is no public address to link to."""
        return self.url(execution_id) if self.public_url else ""

    def sign(self, execution_id: str) -> str:
        key = hmac.digest(self.secret.encode(), PURPOSE, hashlib.sha256)
        signature = hmac.digest(key, execution_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(signature).decode().rstrip("=")

    def is_signed(self, execution_id: str, token: str) -> bool:
        """Whether `sign` made the token. Without a secret anybody could have made it, so then nothing is signed."""
        return bool(self.secret) and hmac.compare_digest(self.sign(execution_id).encode(), token.encode())
