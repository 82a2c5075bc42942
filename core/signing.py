"""What we sign so as to know it again: addresses of callbacks, links to pages, the origins of our own calls.

By itsdangerous: HMAC with SHA-256 (RFC 2104), in URL-safe Base64 without padding (RFC 4648, section 5). The key is
derived from the secret for one purpose, so that a signature serves nothing else.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from itsdangerous import Signer, TimestampSigner

# The tokens of every release so far are of this form. itsdangerous' own default is SHA-1.
FORM: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


def signer(secret: str, purpose: bytes) -> Signer:
    """Signs `TEXT` as `TEXT.SIGNATURE`."""
    return Signer(secret, purpose, **FORM)


class DatedSigner(TimestampSigner):
    """Signs `TEXT` as `TEXT.TIME.SIGNATURE`; `now` answers the time."""

    def __init__(self, secret: str, purpose: bytes, now: Callable[[], datetime]) -> None:
        super().__init__(secret, purpose, **FORM)
        self._now = now

    def get_timestamp(self) -> int:
        """Seconds of Unix time."""
        return int(self._now().timestamp())
