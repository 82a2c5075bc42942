"""The hash chain of the audit trail, and its signed heads.

Each entry's hash covers its content and the previous hash. A chain whose end was cut off is still valid in itself, so
signed heads (the newest position and hash at some time) are kept where the database's owner has no access.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.errors import InvalidInput

GENESIS = "0" * 64  # the hash before the first entry


def canonical_json(value: object) -> str:
    """Return the canonical JSON text of a value: keys sorted by code point, no spaces, characters unescaped."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def seal(content: Mapping[str, object], previous: str) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON of the content with the previous hash as `previous`."""
    return hashlib.sha256(canonical_json({**content, "previous": previous}).encode()).hexdigest()


PURPOSE = b"heads of the audit trail"  # of the derived key, so that its signatures are valid for nothing else


@dataclass(frozen=True)
class Head:
    """The newest position of the chain at `time`, and its hash (64 hexadecimal digits)."""

    position: int
    hash: str
    time: datetime

    @property
    def content(self) -> dict[str, object]:
        """The content that is written and signed."""
        return {"position": self.position, "hash": self.hash, "time": self.time.isoformat(timespec="seconds")}


def signed(head: Head, secret: str) -> dict[str, object]:
    """Return the head with its HMAC-SHA-256 (hexadecimal, key derived from `secret`); unsigned without a secret."""
    return {**head.content, "signature": _signature(head, secret)} if secret else head.content


def _signature(head: Head, secret: str) -> str:
    key = hmac.digest(secret.encode(), PURPOSE, hashlib.sha256)
    return hmac.digest(key, canonical_json(head.content).encode(), hashlib.sha256).hex()


def read_heads(lines: Iterable[str], secret: str) -> list[Head]:
    """Parse heads, one JSON object per line. Raises InvalidInput for an invalid line or one not signed by us."""
    return [_read(line, number, secret) for number, line in enumerate(lines, 1) if line.strip()]


def _read(line: str, number: int, secret: str) -> Head:
    try:
        said = json.loads(line)
        head = Head(int(said["position"]), str(said["hash"]), datetime.fromisoformat(said["time"]))
        signature = str(said.get("signature", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidInput(f"Line {number} is not a head of an audit trail.") from None
    if not secret or not hmac.compare_digest(signature.encode(), _signature(head, secret).encode()):
        raise InvalidInput(
            f"The head in line {number} is not signed with this SLACK_SIGNING_SECRET: it was written by somebody else "
            "or altered, or the secret has been changed since.",
            hint="After changing the secret, start a new file and keep the old one.",
        )
    return head


def fault(head: Head, found: str | None, newest: int) -> str | None:
    """Return what is wrong with a chain that should contain this head, as a sentence; None if nothing is.

    `found`: the hash in the chain at the head's position, or None. `newest`: the chain's newest position.
    """
    when = f"The head of {head.time:%Y-%m-%d %H:%M:%S} UTC was at position {head.position}"
    if found is None:
        return f"{when}, but the chain ends at {newest}: its end was cut off."
    if not hmac.compare_digest(found, head.hash):
        return f"{when} with the hash {head.hash}, but the chain has another hash there: it was rewritten."
    return None
