"""Signed links to the pages of runs. Anyone with such a link may read that page without a token."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

PURPOSE = (
    b"links to the pages of runs"  # of the derived key, so that its signatures are valid for nothing else
)


@dataclass(frozen=True)
class RunLinks:
    """`secret` is the Slack signing secret; the links are signed with a key derived from it."""

    public_url: str
    secret: str = field(repr=False)

    def url(self, execution_id: str) -> str:
        """Return the signed address of a runbook execution's page."""
        return f"{self.public_url.rstrip('/')}/runs/{execution_id}?token={self.sign(execution_id)}"

    def page(self, execution_id: str) -> str:
        """Return the signed address; empty if there is no public URL to link to."""
        return self.url(execution_id) if self.public_url else ""

    def sign(self, execution_id: str) -> str:
        key = hmac.digest(self.secret.encode(), PURPOSE, hashlib.sha256)
        signature = hmac.digest(key, execution_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(signature).decode().rstrip("=")

    def is_signed(self, execution_id: str, token: str) -> bool:
        """Return True if `sign` made the token. Without a secret anybody could have made it, so it returns False."""
        return bool(self.secret) and hmac.compare_digest(self.sign(execution_id).encode(), token.encode())
